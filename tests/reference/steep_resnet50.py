#!/usr/bin/env python3
"""A lower bound on the Lipschitz constant of architectures/resnet50.yaml: the norm of its derivative
along one direction, at the parameters that docs/theory.md describes under "What no method can beat".

There the signal of a pair of channels is (s, -s), with s the same function of the positions for all
samples up to its sign, and every part of the network multiplies s by a number or by a matrix along
each axis with entries >= 0. So the derivative is a product, taken here from the output backward.
"""
from math import exp, log1p, log10, sqrt

EPSILON = 1e-5
BLOCKS = (3, 4, 6, 3)  # of the four stages


def sigmoid(x):
    return 1 / (1 + exp(-x))


def best_scale(before):
    """The scale g of both channels, with shift sqrt(1/2 - g^2), whose product with the slope of
    softplus behind it is largest; `before` is what the skip adds to the shift."""
    grid = [sqrt(0.5) * i / 4000 for i in range(4001)]
    return max((g * sigmoid(before + sqrt(max(0, 0.5 - g * g))), g) for g in grid)


def transposed(v, size, kernel, stride, padding):
    """Sums over patches along one axis of `size` positions, transposed, of v."""
    result = [0.0] * size
    for output, value in enumerate(v):
        for tap in range(kernel):
            position = output * stride + tap - padding
            if 0 <= position < size:
                result[position] += value
    return result


def main():
    inner, _ = best_scale(0)
    gain = inner / sqrt(EPSILON)
    order = log10(gain)  # of the factors so far: the stem's batch norm and softplus
    # Size of the input, kernel, stride and padding along each axis, and the factor of a tap.
    sums = [(224, 7, 2, 3, 1 / sqrt(2 * 3 * 7 * 7)), (112, 3, 2, 1, 1 / 9)]
    size = 56
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            sums.append((size, 3, stride, 1, 1 / 3))  # 2 channels times a weight of 1/6
            size //= stride
            # What is constant in both channels: of the projection its shift, else the layer before.
            skip = sqrt(0.5) if block == 0 else constant
            last, scale = best_scale(skip)
            constant = log1p(exp(skip + sqrt(max(0, 0.5 - scale * scale))))
            order += 2 * log10(gain) + log10(last / sqrt(EPSILON))
    v = [1 / size] * size  # the mean over positions, along one axis
    order += log10(2) / 2  # the classifier's weights (1, -1) / sqrt 2
    for positions, kernel, stride, padding, factor in reversed(sums):
        v = transposed(v, positions, kernel, stride, padding)
        largest = max(v)
        v = [value / largest for value in v]
        order += log10(factor) + 2 * log10(largest)
    order += log10(sqrt(3) * sum(value * value for value in v))  # three channels of the input
    digits = int(100 * 10 ** (order % 1)) / 100
    print(f"l >= {digits:.2f}e+{int(order)}")


main()
