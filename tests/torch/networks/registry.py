"""Networks are added to ROWS; and parts that several of them have."""
from torch import nn

ROWS = []


def network(shape, **how):
    """Adds the function or class behind it to ROWS, as a network of this name."""
    def add(build):
        ROWS.append({"name": how.pop("name", build.__name__.lower()), "build": build,
                     "shape": shape, **how})
        return build
    return add


class Function(nn.Module):
    """A function as a module, beside others in a Sequential."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def conv_norm(inputs, outputs, kernel=3, **settings):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, bias=False, **settings),
                         nn.BatchNorm2d(outputs), nn.ReLU())


def classifier(inputs, outputs=10):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, outputs))
