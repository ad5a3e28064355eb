"""A finished run in the hands of a person: values, frames and arrays in, frames or figures out."""
