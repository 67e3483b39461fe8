"""The networks that `export` exports: torchvision's, and small ones, one for each construct.

A row says what is built, the shape of one sample and how it is exported:
  opset     of the file (13)
  norms     "folded": batch norms become part of convolutions where the exporter can do that, or
            "kept"
  classes   for inputs that are ids: how many different ones there are
  batch     size of the batch in the file (1), "any": a named axis
  double    whether its numbers are float64
  scripted  whether it is exported from TorchScript, in place of a trace
  options   of torch.onnx.export
  state     whether its state_dict fits although the exporter lost names
  refused   what the program says about it, in place of reading it
  loose     why the file has other parameters than the module: their number is not compared
"""
from . import published, small, tokens
from .registry import ROWS
