from . import analysis as analysis
from . import errors as errors
from .engine.context import BacktestContext as BacktestContext
from .engine.execution_settings import Execution as Execution
from .engine.fast.engine import candidates as candidates
from .engine.fast.engine import evaluate as evaluate
from .engine.fast.engine import trades as trades
from .grid.chunks import plan_chunks as plan_chunks
from .grid.columns import METRIC_COLUMNS as METRIC_COLUMNS
from .grid.columns import METRICS as METRICS
from .grid.glossary import GLOSSARY as GLOSSARY
from .grid.grid import Grid as Grid
from .grid.named_grids import grid_from_mapping as grid_from_mapping
from .grid.named_grids import named_grid as named_grid
from .grid.params import Params as Params
from .grid.params import params_from_mapping as params_from_mapping
from .market.bars import Bars as Bars
from .market.bars import bars_from_frame as bars_from_frame
from .market.bars import read_bars as read_bars
from .market.instruments import GER40 as GER40
from .market.instruments import XAUUSD as XAUUSD
from .market.instruments import Session as Session
from .market.market import Market as Market
from .market.market import build_market as build_market
from .news.filter import NewsFilter as NewsFilter
from .runs.run import load_run as load_run

__version__: str
