// What is wrong with a node, and what helps.
#include <algorithm>
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxRefusals, Convolutions) {
  constexpr std::array cases{
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x1x1, b:3)",
                 "a node Conv: a bias of 3 numbers belongs to 2 outputs | it has to have one "
                 "number for each output"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3)",
                 "a node Conv: the weights have the shape [2, 3] | convolutions have one to three "
                 "axes of positions"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x1x1) kernel_shape=[3 3]",
                 "a node Conv: kernel_shape is [3, 3], and the weights have [1, 1] | is the file "
                 "complete?"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x4x1x1)",
                 "a node Conv: 3 channels meet weights for 4 in 1 groups | is the file complete?"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x1x1) group=2",
                 "a node Conv: 3 channels meet weights for 3 in 2 groups | is the file complete?"},
      LayersCase{
          "y = Conv(x:1x3x4x4, w:2x3x1x1) group=4611686018427387904",
          "a node Conv: 3 channels meet weights for 3 in 4611686018427387904 groups | is the "
          "file complete?"},
      LayersCase{"y = Conv(x:1x3x4, w:2x3x1x1)",
                 "a node Conv: it reads an array [1, 3, 4] and has 2 axes of positions | it reads "
                 "[batch, channels, positions...]"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x1x1) strides=[1]",
                 "a node Conv: strides is [1], with 2 axes of positions | is the file complete?"},
      LayersCase{
          "y = Conv(x:1x3x4x4, w:2x3x1x1) strides=[0 1]",
          "a node Conv: strides is [0, 1], with 2 axes of positions | is the file complete?"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x1x1) auto_pad='SOME'",
                 "a node Conv: auto_pad is 'SOME' | it is NOTSET, VALID, SAME_UPPER or SAME_LOWER"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x1x1) pads=[1 1]",
                 "a node Conv: pads are [1, 1], with 2 axes of positions | one in front for each "
                 "axis, then one behind, none below 0"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x1x1) pads=[1 1 1 -1]",
                 "a node Conv: pads are [1, 1, 1, -1], with 2 axes of positions | one in front for "
                 "each axis, then one behind, none below 0"},
      LayersCase{"y = Conv(x:1x3x4x4, w:2x3x5x5)",
                 "a node Conv: a window of 5 does not fit into 4 positions | is the size of the "
                 "input that of the network?"},
      LayersCase{"y = Conv(x:1x3x4x4, x)",
                 "a node Conv: the network's input decides about weights | they have to be known "
                 "when the model is read"},
      LayersCase{"y = Conv(x:1x3x4x4)",
                 "a node Conv: there is nothing for weights | they have to be known when the model "
                 "is read"},
      LayersCase{"b = Flatten(x:1x2x1x1); y = Conv(x, w:4x2x1x1, b)",
                 "a node Conv: the network's input decides about the bias | they have to be known "
                 "when the model is read"},
      LayersCase{"y = Conv(w:1x3x4x4, x:2x3x1x1)",
                 "a node Conv: its input 1 does not depend on the network's input | export it with "
                 "constants folded"},
      LayersCase{"y = ConvTranspose(x:1x3x4, w:3x2x3) strides=[2] output_shape=[10]",
                 "a node ConvTranspose: pads of -1 in front and 0 behind | use output_padding for "
                 "more positions"},
      LayersCase{"y = ConvTranspose(x:1x3x4, w:3x2x3) pads=[-1 0]",
                 "a node ConvTranspose: pads are [-1, 0], with 1 axes of positions | one in front "
                 "for each axis, then one behind, none below 0"},
      LayersCase{"y = ConvTranspose(x:1x3x4, w:2x2x3)",
                 "a node ConvTranspose: 3 channels meet weights for 2 | is the file complete?"},
      LayersCase{"y = ConvTranspose(x:1x3x4, w:3x2x3) output_padding=[-1]",
                 "a node ConvTranspose: output_padding is [-1], with 1 axes of positions | is the "
                 "file complete?"},
  };
  check_layers(cases);
}

TEST(OnnxRefusals, Products) {
  constexpr std::array cases{
      LayersCase{"y = Gemm(x:1x4, w:3x2)",
                 "a node Gemm: vectors of 4 numbers meet weights for 3 | is the file complete?"},
      LayersCase{"y = Gemm(x:1x4, w:4)",
                 "a node Gemm: a product of what are no two matrices | is the file complete?"},
      LayersCase{"y = Gemm(x:1x3x4, w:4x2)",
                 "a node Gemm: a product of what are no two matrices | is the file complete?"},
      LayersCase{"y = Gemm(x:1x4, w:4x4, x)",
                 "a node Gemm: the summand of the product depends on the network's input | export "
                 "it as MatMul and Add"},
      LayersCase{
          "y = MatMul(x:1x4, w:4)",
          "a node MatMul: a product with a vector of weights | export the weights as a matrix"},
      LayersCase{"y = MatMul(x:1x4x4, v:1x3x3)",
                 "a node MatMul: vectors of 4 numbers meet weights for 3 | is the file complete?"},
      LayersCase{
          "y = MatMul(w:2x3x5, x:1x5x4)",
          "a node MatMul: weights [2, 3, 5] in front of the product | export them as one matrix"},
      LayersCase{"s = Squeeze(x:1x4, [0]); y = MatMul(x, s)",
                 "a node MatMul: a product with a vector that depends on the network's input | "
                 "export it as a product of two matrices"},
      LayersCase{"a = Slice(x:1x2x3x3, [0], [1], [1]); y = MatMul(x, a)",
                 "a node MatMul: stacks of 2 and 1 matrices are multiplied | repeat the smaller "
                 "one before"},
      LayersCase{"a = Slice(x:1x4x3, [0], [2], [1]); y = MatMul(x, a)",
                 "a node MatMul: rows of 3 numbers meet columns of 2 | is the file complete?"},
  };
  check_layers(cases);
}

TEST(OnnxRefusals, Arithmetic) {
  constexpr std::array cases{
      LayersCase{"r = Relu(x:1x3); y = Add(r, fixed:2x1[1 2])",
                 "a node Add: its numbers differ between the samples of the batch | samples are "
                 "independent: export it with a batch of one"},
      LayersCase{
          "a = Relu(x:1x4); b = Slice(a, [0], [3], [1]); y = Add(a, b)",
          "a node Add: arrays [1, 4] and [1, 3] do not fit each other | is the file complete?"},
      LayersCase{
          "y = Expand(x:1x4, [1 8])",
          "a node Expand: arrays [1, 4] and [1, 8] do not fit each other | is the file complete?"},
      LayersCase{"y = Mul(x:1x2, v:2[1 inf])",
                 "a node Mul: inf is among its numbers | only finite numbers can be bounded"},
      LayersCase{"y = Div(2, x:1x4)",
                 "a node Div: it divides by what depends on the network's input | a quotient has "
                 "no bound where its denominator may vanish: use a normalization"},
      LayersCase{"y = Div(x:1x2, v:2[1 0])", "a node Div: it divides by 0 | is the file complete?"},
      LayersCase{"y = Pow(x:1x4, 0.5)",
                 "a node Pow: an exponent that is not 1, 2 or 3 | other powers have no bound in "
                 "the catalogue"},
      LayersCase{"y = Pow(x:1x4, x)",
                 "a node Pow: the network's input decides about the exponent | they have to be "
                 "known when the model is read"},
      LayersCase{"y = Where(fixed:2[1 0], x:1x2, 0)",
                 "a node Where: it chooses between two values | only masks are understood, that "
                 "put -1e4 or less"},
      LayersCase{"y = Where(fixed:2[1 0], x:1x2, v:2)",
                 "a node Where: it chooses between two values | only masks are understood, that "
                 "put -1e4 or less"},
      LayersCase{"y = Where(x:1x2, x, -1e9)",
                 "a node Where: the network's input decides about the condition | they have to be "
                 "known when the model is read"},
      LayersCase{"y = Clip(x:1x4, 2, 1)",
                 "a node Clip: bounds 2 and 1 | they are numbers, the first one smaller"},
      LayersCase{"y = Clip(x:1x4, v:2)",
                 "a node Clip: bounds nan and inf | they are numbers, the first one smaller"},
      LayersCase{"y = Gelu(x:1x4) approximate='erf'",
                 "a node Gelu: approximate is 'erf' | it is none or tanh"},
      LayersCase{"y = PRelu(x:1x3x4x4, s:2x1x1)",
                 "a node PRelu: slopes [2, 1, 1] for an array [1, 3, 4, 4] | there is one slope, "
                 "or one for each channel"},
      LayersCase{"y = PRelu(x:1x3, s:1x1x3)",
                 "a node PRelu: slopes [1, 1, 3] for an array [1, 3] | there is one slope, or one "
                 "for each channel"},
  };
  check_layers(cases);
}

TEST(OnnxRefusals, TwoAxesOfSlopesAndTheBatch) {
  ImportOptions options;
  options.first_axis_is_batch = false;
  constexpr std::array cases{
      LayersCase{"y = PRelu(x:3x4, s:3x4)",
                 "a node PRelu: slopes [3, 4] for an array [3, 4] | there is one slope, or one for "
                 "each channel"},
      LayersCase{
          "y = Expand(x:3x4, [6 4])",
          "a node Expand: arrays [3, 4] and [6, 4] do not fit each other | is the file complete?"},
  };
  check_layers(cases, options);
}

TEST(OnnxRefusals, Normalizations) {
  constexpr std::array cases{
      LayersCase{"y = BatchNormalization(x:1x2, s:3, b:2, m:2[0 0], v:2[1 1])",
                 "a node BatchNormalization: scale [3] for 2 features | there is one number for "
                 "each feature"},
      LayersCase{"y = BatchNormalization(x:1x2, s:2, b:2, m:3, v:2[1 1])",
                 "a node BatchNormalization: 3 means and 2 variances for 2 features | there is one "
                 "of each for each feature"},
      LayersCase{"y = BatchNormalization(x:1x2, s:2, b:2, m:2, v:2[1 -1])",
                 "a node BatchNormalization: a variance is below 0 or no number | variances are "
                 "squares: is the file complete?"},
      LayersCase{"y = BatchNormalization(x:1x2, s:2, b:2, m:2)",
                 "a node BatchNormalization: there is nothing for the variance | they have to be "
                 "known when the model is read"},
      LayersCase{"y = BatchNormalization(x:1x2, x, b:2, m:2, v:2)",
                 "a node BatchNormalization: the network's input decides about the scale | they "
                 "have to be known when the model is read"},
      LayersCase{
          "t = Transpose(x:1x2x3) perm=[1 0 2]; y = BatchNormalization(t, s:1, b:1, m:1, v:1)",
          "a node BatchNormalization: it reads an array [2, 1, 3] | it reads [batch, channels, "
          "...]"},
      LayersCase{"y = LayerNormalization(x:1x4, s:4) axis=0",
                 "a node LayerNormalization: it goes over the batch, so that samples depend on "
                 "each other | export it over the features of each sample"},
      LayersCase{"y = LayerNormalization(x:1x4, s:1)",
                 "a node LayerNormalization: scale [1] for 4 features | there is one number for "
                 "each feature"},
      LayersCase{"y = LayerNormalization(x:1x4, s:4) axis=2",
                 "a node LayerNormalization: axis 2 is named of 2 | is the file complete?"},
      LayersCase{"y = GroupNormalization(x:1x4x3, s:4, b:4) num_groups=3",
                 "a node GroupNormalization: 3 groups of 4 channels | groups divide the channels"},
      LayersCase{"y = GroupNormalization(x:1x4x3, x, b:4) num_groups=2",
                 "a node GroupNormalization: the network's input decides about the scale | they "
                 "have to be known when the model is read"},
      LayersCase{"y = LRN(x:1x4x3x3) size=2",
                 "a node LRN: a window of 2 channels | windows have an odd number of them, with "
                 "their channel in the middle"},
      LayersCase{"y = Softmax(x:1x4) axis=0",
                 "a node Softmax: it goes over the batch, so that samples depend on each other | "
                 "export it along the axis of the classes"},
  };
  check_layers(cases);
}

TEST(OnnxRefusals, Windows) {
  constexpr std::array cases{
      LayersCase{"y = MaxPool(x:1x3x4x4) kernel_shape=[2 2] dilations=[2 2]",
                 "a node MaxPool: dilations are [2, 2] | poolings take neighbouring positions"},
      LayersCase{
          "y = MaxPool(x:1x3x4x4) kernel_shape=[2]",
          "a node MaxPool: kernel_shape is [2], with 2 axes of positions | is the file complete?"},
      LayersCase{"y = MaxPool(x:1x3) kernel_shape=[2]",
                 "a node MaxPool: a pooling without axes of positions | it reads [batch, channels, "
                 "positions...]"},
      LayersCase{"y = MaxPool(x:1x3x4) kernel_shape=[5]",
                 "a node MaxPool: a window of 5 does not fit into 4 positions | is the size of the "
                 "input that of the network?"},
      LayersCase{"y = MaxPool(x:1x1x4) kernel_shape=[2] pads=[2 2]",
                 "a node MaxPool: pads [2] in front and [2] behind leave windows without a "
                 "position | pad less than a window is wide"},
      LayersCase{"y = ReduceMean(x:1x4) axes=[0]",
                 "a node ReduceMean: it goes over the batch, so that samples depend on each other "
                 "| export the network without its loss"},
      LayersCase{"y = ReduceMean(x:1x4) axes=[5]",
                 "a node ReduceMean: axis 5 is named of 2 | is the file complete?"},
      LayersCase{"y = ReduceMean(x:1x4, x)",
                 "a node ReduceMean: the network's input decides about the axes | they have to be "
                 "known when the model is read"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 4 4 4])",
                 "a node Resize: 5 sizes for other axes | is the file complete?"},
      LayersCase{"y = Resize(x:1x3x4x4)",
                 "a node Resize: neither scales nor sizes are known | export it with fixed ones"},
      LayersCase{"y = Resize(x:1x3x4x4, _, s:4[1 1 0.1 1])",
                 "a node Resize: a factor that leaves no position | is the file complete?"},
      LayersCase{"y = Resize(x:1x3x4x4, _, s:4[1 1 1.3 1])",
                 "a node Resize: a factor of 1.2999999523162842 for 4 positions | export it with "
                 "sizes, or a factor that gives a whole number of positions"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 6 4 4])",
                 "a node Resize: [1, 3, 4, 4] becomes [1, 6, 4, 4] | positions can be resized, no "
                 "channels"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 6 6])",
                 "a node Resize: nearest positions by 'half_pixel' and 'round_prefer_floor' | "
                 "asymmetric and floor, or a whole factor"},
      LayersCase{
          "y = Resize(x:1x3x4x4, _, _, [1 3 8 8]) coordinate_transformation_mode='align_corners'",
          "a node Resize: nearest positions by 'align_corners' and 'round_prefer_floor' | "
          "asymmetric and floor, or a whole factor"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 8 8]) mode='linear' "
                 "coordinate_transformation_mode='asymmetric'",
                 "a node Resize: linear interpolation with places by 'asymmetric' | export it with "
                 "opset 11 or later, as half_pixel or align_corners"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 1 1]) mode='linear' "
                 "coordinate_transformation_mode='pytorch_half_pixel'",
                 "a node Resize: linear interpolation with places by 'pytorch_half_pixel' | export "
                 "it with opset 11 or later, as half_pixel or align_corners"},
      LayersCase{"y = Upsample(x:1x3x4x4, s:4[1 1 2 2]) mode='linear'",
                 "a node Upsample: linear interpolation with places by 'asymmetric' | export it "
                 "with opset 11 or later, as half_pixel or align_corners",
                 9},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 2 2]) mode='linear' antialias=1",
                 "a node Resize: antialias of what shrinks | export it without"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 8 8]) mode='cubic'",
                 "a node Resize: mode is 'cubic' | nearest and linear are understood"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 8 8]) keep_aspect_ratio_policy='not_larger'",
                 "a node Resize: keep_aspect_ratio_policy is 'not_larger' | export it as stretch",
                 18},
  };
  check_layers(cases);
}

TEST(OnnxRefusals, Layout) {
  constexpr std::array cases{
      LayersCase{"c = Cast(x:1x4) to=7; y = Relu(c)",
                 "a node Cast: it rounds to whole numbers | export the network without it"},
      LayersCase{"y = Reshape(x:1x4, [1 -2])",
                 "a node Reshape: a shape [1, -2] is asked for | is the file complete?"},
      LayersCase{"y = Reshape(x:1x4, [1 5])",
                 "a node Reshape: [1, 4] cannot have the shape [1, 5] | export it with the shapes "
                 "that it has when it runs"},
      LayersCase{"y = Reshape(x:1x4, x)",
                 "a node Reshape: the network's input decides about the shape | they have to be "
                 "known when the model is read"},
      LayersCase{"y = Squeeze(x:1x4, [1])",
                 "a node Squeeze: an axis of 4 is taken away | is the file complete?"},
      LayersCase{"y = Squeeze(x:1x4, [2])",
                 "a node Squeeze: axis 2 is named of 2 | is the file complete?"},
      LayersCase{"y = Transpose(x:1x4x4) perm=[0 1 1]",
                 "a node Transpose: perm is [0, 1, 1] | it names each axis once"},
      LayersCase{"y = Transpose(x:1x4x4) perm=[0 1]",
                 "a node Transpose: perm is [0, 1] | it names each axis once"},
      LayersCase{"y = Slice(x:1x4, [3], [2], [1])",
                 "a node Slice: nothing is left of an axis | is the size of the input that of the "
                 "network?"},
      LayersCase{"y = Slice(x:1x4, [-1], [-9], [1], [-1])",
                 "a node Slice: an axis is turned around | the catalogue has no reversed order"},
      LayersCase{"y = Slice(x:1x4, [0], [2], [1], [0])",
                 "a node Slice: a slice has the step 0 | is the file complete?"},
      LayersCase{"y = Slice(x:1x4, [0 1], [2], [1])",
                 "a node Slice: a slice has lists of different lengths | is the file complete?"},
      LayersCase{"y = Slice(x:1x4, x, [2])",
                 "a node Slice: the network's input decides about the places | they have to be "
                 "known when the model is read"},
      LayersCase{
          "a|b = Split(x:1x4, [1 2]) axis=1",
          "a node Split: parts of 3 entries are made of an axis of 4 | is the file complete?"},
      LayersCase{"a|b = Split(x:1x4, [5 -1]) axis=1",
                 "a node Split: a part has a size below 0 | is the file complete?"},
      LayersCase{"a|b = Split(x:1x4, [4]) axis=1",
                 "a node Split: 2 parts are made of an axis of 4 | is the file complete?"},
      LayersCase{"a|b = Split(x:1x4) axis=1 num_outputs=0",
                 "a node Split: 2 parts are made of an axis of 4 | is the file complete?", 18},
      LayersCase{"a|b = Split(x:1x4, x) axis=1",
                 "a node Split: the network's input decides about the sizes | they have to be "
                 "known when the model is read"},
      LayersCase{"y = Gather(x:1x4, [4]) axis=1",
                 "a node Gather: an index beyond the axis | is the file complete?"},
      LayersCase{"y = Gather(x:1x4, [0 1 3]) axis=1",
                 "a node Gather: entries that are not evenly spaced | export it as slices"},
      LayersCase{"y = Gather(x:1x4, [3 2]) axis=1",
                 "a node Gather: an axis is turned around | the catalogue has no reversed order"},
      LayersCase{"y = Gather(x:1x4, i:1x2[0 1]) axis=1",
                 "a node Gather: indices that are no list | export it as slices"},
      LayersCase{"y = Gather(w:4x2, x:1x3)",
                 "a node Gather: it chooses entries by what the network computes | embeddings "
                 "choose rows by ids of the input"},
      LayersCase{"y = Gather(w:4x2x2, ids:1x3)",
                 "a node Gather: it chooses entries by what the network computes | embeddings "
                 "choose rows by ids of the input"},
      LayersCase{"y = Concat(x:1x4, x) axis=0",
                 "a node Concat: it joins samples | export the network for each sample"},
      LayersCase{"y = Concat(x:1x4, w:4) axis=1",
                 "a node Concat: [4] is joined with [1, 4] | is the file complete?"},
      LayersCase{"a = Slice(x:1x2x3, [0], [2], [2]); y = Concat(x, a) axis=1",
                 "a node Concat: [1, 2, 2] is joined with [1, 2, 3] | is the file complete?"},
      LayersCase{"y = Concat(v:2) axis=0; z = Relu(x:1x4) -> y",
                 "the output does not depend on an input | is the file complete?"},
      LayersCase{"y = Tile(x:1x4, [1 2])",
                 "a node Tile: an axis of several entries is repeated | only axes of size 1 can be "
                 "repeated"},
      LayersCase{"y = Pad(x:1x4, [1 1])",
                 "a node Pad: pads are [1, 1], of an array [1, 4] | one in front for each axis, "
                 "then one behind"},
      LayersCase{"y = Pad(x:1x4, [0 1 0 1], 2)",
                 "a node Pad: it pads with 2 | the catalogue pads with zeros, or by reflect, edge "
                 "and wrap"},
      LayersCase{"y = Pad(x:1x4, [0 1 0 1]) mode='mirror'",
                 "a node Pad: mode is 'mirror' | constant, reflect, edge and wrap are understood"},
      LayersCase{"y = Pad(x:1x4, [1 0 0 0])",
                 "a node Pad: it adds samples | export the network for each sample"},
      LayersCase{"y = SpaceToDepth(x:1x3x3x3) blocksize=2",
                 "a node SpaceToDepth: blocks of 2 in [3, 3, 3] | is the file complete?"},
      LayersCase{"y = SpaceToDepth(x:1x3x4x3) blocksize=2",
                 "a node SpaceToDepth: blocks of 2 in [3, 4, 3] | is the file complete?"},
      LayersCase{"y = SpaceToDepth(x:1x3x3x4) blocksize=2",
                 "a node SpaceToDepth: blocks of 2 in [3, 3, 4] | is the file complete?"},
      LayersCase{"y = DepthToSpace(x:1x6x3x3) blocksize=2",
                 "a node DepthToSpace: blocks of 2 in [6, 3, 3] | is the file complete?"},
      LayersCase{"y = DepthToSpace(x:1x3x3x3) blocksize=2",
                 "a node DepthToSpace: blocks of 2 in [3, 3, 3] | is the file complete?"},
      LayersCase{"y = Expand(x:1x4, [0 4])",
                 "a node Expand: its numbers differ between the samples of the batch | samples are "
                 "independent: export it with a batch of one"},
      LayersCase{"r = Reshape(x:1x64, [2 2 2 2 4]); y = Conv(r, w:1x2x1x1x1)",
                 "a node Conv: it reads an array [2, 2, 2, 2, 4] and has 3 axes of positions | it "
                 "reads [batch, channels, positions...]"},
      LayersCase{"y = Expand(x:1x4x1, [1 4 0])",
                 "a node Expand: an array [4, 0]: a size must be at least 1 | architectures have "
                 "channels and up to three axes of positions"},
      LayersCase{"y = Reshape(x:1x4, v:2[1 nan])",
                 "a node Reshape: a number that is none stands for a whole number | is the file "
                 "complete?"},
  };
  check_layers(cases);
}

TEST(OnnxRefusals, SamplesOfAFixedBatch) {
  constexpr std::array cases{
      LayersCase{"y = Slice(x:4x6, [0], [1], [0])",
                 "a node Slice: it takes some of the samples | export the network for each sample"},
      LayersCase{"y = Slice(x:4x6, [1], [4], [0])",
                 "a node Slice: it takes some of the samples | export the network for each sample"},
      LayersCase{
          "y = Gather(x:4x6, i:[0]) axis=0",
          "a node Gather: it takes some of the samples | export the network for each sample"},
      LayersCase{"y = Gather(x:?x6, [0 0]) axis=0",
                 "a node Gather: entries that are not evenly spaced | export it as slices"},
      LayersCase{"a|b = Split(x:4x6, [2 2]) axis=0",
                 "a node Split: it takes some of the samples | export the network for each sample"},
      LayersCase{"y = Add(x:2x2, fixed:2x2)",
                 "a node Add: its numbers differ between the samples of the batch | export it with "
                 "a batch of one"},
      LayersCase{"y = Mul(x:?x2, fixed:2x2)",
                 "a node Mul: its numbers differ between the samples of the batch | samples are "
                 "independent: export it with a batch of one"},
  };
  check_layers(cases);
}

TEST(OnnxRefusals, KnownArrays) {
  constexpr std::array cases{
      LayersCase{"w = MatMul(a:2x2, b:3); y = MatMul(x:1x2, w)",
                 "a node MatMul: a product of known arrays that are not two matrices | compute it "
                 "before the export"},
      LayersCase{"g = Gather(v:2, [2]); y = Add(x:1x1, g)",
                 "a node Gather: entry 2 is asked for of an axis of 2 | is the file complete?"},
      LayersCase{"c = Concat(a:2, b:2x2) axis=0; y = Add(x:1x2, c)",
                 "a node Concat: arrays with different numbers of axes are joined | is the file "
                 "complete?"},
      LayersCase{"c = Concat(a:3x3, b:2x3) axis=1; y = Add(x:1x6, c)",
                 "a node Concat: [2, 3] is joined with [3, 3] | is the file complete?"},
      LayersCase{"t = Transpose(a:4x2) perm=[0 0]; y = Add(x:1x2, t)",
                 "a node Transpose: perm is [0, 0] | it names each axis once"},
      LayersCase{
          "v|i = MaxPool(x:1x1x4) kernel_shape=[2]; y = Concat(i, i) axis=0",
          "a node Concat: nothing of it depends on the network's input | is the file complete?"},
      LayersCase{"z = ConstantOfShape([-1]); y = Add(x:1x2, z)",
                 "a node ConstantOfShape: an array has a size below 0 | is the file complete?"},
      LayersCase{"q = Range(0, 1e13, 1); y = Add(x:1x2, q)",
                 "a node Range: a range has too many numbers | is the file complete?"},
      LayersCase{"q = Range(0, 1e9, 1); y = Add(x:1x2, q)",
                 "a node Range: a known array [1000000000] of 1000000000 numbers is larger than "
                 "the file lets expect | simplify the model before, for example with onnxsim"},
      LayersCase{"t = Trilu(a:2); y = Add(x:1x2, t)",
                 "a node Trilu: a triangle of what is no matrix | is the file complete?"},
      LayersCase{"s = ScatterND(a:2, i:1x2[0 0], b:1); y = Add(x:1x2, s)",
                 "a node ScatterND: indices that do not fit | compute it before the export"},
      LayersCase{"s = ScatterND(a:2, i:1x1[0], b:2); y = Add(x:1x2, s)",
                 "a node ScatterND: updates that do not fit | compute it before the export"},
      LayersCase{"s = ScatterND(a:2, i:1x1[2], b:1); y = Add(x:1x2, s)",
                 "a node ScatterND: an index beyond its axis | is the file complete?"},
      LayersCase{"w = Add(a:2, b:3); y = Add(x:1x2, w)",
                 "a node Add: arrays [2] and [3] do not fit each other | is the file complete?"},
      LayersCase{"w = Gather(a:2, _); y = Add(x:1x2, w)",
                 "a node Gather: input 2 is missing | is the file complete?"},
      LayersCase{"w = Squeeze(a:2, [3]); y = Add(x:1x2, w)",
                 "a node Squeeze: axis 3 is named of 1 | is the file complete?"},
  };
  check_layers(cases);
}

// Operators that nobody knows are all named, also behind each other; what is only behind one is
// not.
TEST(OnnxRefusals, AllUnknownOperatorsAreNamed) {
  const std::string all =
      layers_of_script("a = Floor(x:1x4); b = Relu(a); c = Det(b); d = Relu(x); y = Add(c, d)");
  EXPECT_THAT(all, ::testing::StartsWith("a node Floor: the operator is not understood | "));
  EXPECT_THAT(all, ::testing::HasSubstr("\na node Det: the operator is not understood | "));
  EXPECT_EQ(std::ranges::count(all, '\n'), 1);
}

}  // namespace
}  // namespace smoothbound::models::onnx
