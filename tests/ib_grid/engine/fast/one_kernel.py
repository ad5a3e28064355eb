"""One kernel that compiles quickly; prints the compilations before and after its first call."""

from ib_grid.engine.fast import compiled


@compiled.kernel
def double(x):
    return 2 * x


print(compiled.compilations())
double(1)
print(compiled.compilations())
