#include "smoothbound/text/aliases.hpp"

#include <array>

namespace smoothbound {
namespace {

constexpr std::string_view flattening =
    "leave it out: dense takes an input of any shape as one vector";
constexpr std::string_view no_random_slope =
    "a random slope is not in the catalogue; leaky_relu has a fixed one";
constexpr std::string_view no_adaptive_maximum =
    "global_max_pool gives one position; for others, use max_pool with a kernel";
constexpr std::string_view each_position = "dense with per: position";
constexpr std::string_view no_recurrence =
    "recurrent layers and attention are not in the catalogue; opaque takes your own constants";
constexpr std::string_view fixed_statistics =
    "bounds are those of training mode, or of given running statistics: leave it out";
constexpr std::string_view in_brackets =
    "write it behind the component's name, as in conv: {filters: 64, kernel: 3}";
constexpr std::string_view no_cropping =
    "padding is a setting of conv and the poolings, as in padding: 1";

constexpr auto table = std::to_array<Alias>({
    // components
    {"linear", "dense", {}},
    {"fc", "dense", {}},
    {"fullyconnected", "dense", {}},
    {"innerproduct", "dense", {}},
    {"gemm", "dense", {}},
    {"affine", "dense", {}},
    {"lazylinear", "dense", {}},
    {"conv1d", "conv", {}},
    {"conv2d", "conv", {}},
    {"convolution", "conv", {}},
    {"convolutional", "conv", {}},
    {"convolution2d", "conv", {}},
    {"depthwiseconv2d", "conv", "conv with groups: as many as channels"},
    {"conv3d", "conv", {}},
    {"timedistributed", "dense", each_position},
    {"pointwise", "dense", each_position},
    {"convtranspose", "conv_transposed", {}},
    {"convtranspose1d", "conv_transposed", {}},
    {"convtranspose2d", "conv_transposed", {}},
    {"convtranspose3d", "conv_transposed", {}},
    {"conv1dtranspose", "conv_transposed", {}},
    {"conv2dtranspose", "conv_transposed", {}},
    {"conv3dtranspose", "conv_transposed", {}},
    {"deconv", "conv_transposed", {}},
    {"deconvolution", "conv_transposed", {}},
    {"deconvolutional", "conv_transposed", {}},
    {"transposedconv", "conv_transposed", {}},
    {"flatten", "dense", flattening},
    {"reshape", "dense", flattening},
    {"view", "dense", flattening},
    {"lstm", "opaque", no_recurrence},
    {"simplernn", "opaque", no_recurrence},
    {"gru", "opaque", no_recurrence},
    {"rnn", "opaque", no_recurrence},
    {"attention", "opaque", no_recurrence},
    {"multiheadattention", "opaque", no_recurrence},
    {"embedding", "opaque", "embeddings are not in the catalogue"},
    {"type", "conv", in_brackets},
    {"layertype", "conv", in_brackets},
    {"classname", "conv", in_brackets},
    {"config", "conv", in_brackets},
    {"batchnorm1d", "batch_norm", {}},
    {"batchnorm2d", "batch_norm", {}},
    {"batchnormalization", "batch_norm", {}},
    {"bn", "batch_norm", {}},
    {"layernormalization", "layer_norm", {}},
    {"ln", "layer_norm", {}},
    {"groupnormalization", "group_norm", {}},
    {"gn", "group_norm", {}},
    {"instancenorm2d", "group_norm", "group_norm with as many groups as channels"},
    {"instancenorm", "group_norm", "group_norm with as many groups as channels"},
    {"rmsnormalization", "rms_norm", {}},
    {"maxpool1d", "max_pool", {}},
    {"maxpool2d", "max_pool", {}},
    {"maxpool3d", "max_pool", {}},
    {"maxpooling", "max_pool", {}},
    {"maxpooling1d", "max_pool", {}},
    {"maxpooling2d", "max_pool", {}},
    {"maxpooling3d", "max_pool", {}},
    {"avgpool", "average_pool", {}},
    {"avgpool1d", "average_pool", {}},
    {"avgpool2d", "average_pool", {}},
    {"avgpool3d", "average_pool", {}},
    {"averagepooling", "average_pool", {}},
    {"averagepooling2d", "average_pool", {}},
    {"averagepooling3d", "average_pool", {}},
    {"meanpool", "average_pool", {}},
    {"gap", "global_average_pool", {}},
    {"globalavgpool", "global_average_pool", {}},
    {"globalavgpool2d", "global_average_pool", {}},
    {"globalaveragepooling", "global_average_pool", {}},
    {"globalaveragepooling2d", "global_average_pool", {}},
    {"adaptiveavgpool", "adaptive_average_pool", {}},
    {"adaptiveavgpool1d", "adaptive_average_pool", {}},
    {"adaptiveavgpool2d", "adaptive_average_pool", {}},
    {"adaptiveavgpool3d", "adaptive_average_pool", {}},
    {"adaptiveaveragepooling2d", "adaptive_average_pool", {}},
    {"adaptivemaxpool2d", "global_max_pool", no_adaptive_maximum},
    {"globalmaxpooling", "global_max_pool", {}},
    {"globalmaxpooling1d", "global_max_pool", {}},
    {"globalmaxpooling2d", "global_max_pool", {}},
    {"zeropadding2d", "max_pool", no_cropping},
    {"swish", "silu", {}},
    {"lrelu", "leaky_relu", {}},
    {"parametricrelu", "prelu", {}},
    {"rrelu", "leaky_relu", no_random_slope},
    {"crelu", "relu", "concat of relu and of its opposite is not one component"},
    {"celu", "elu", "elu is celu with alpha 1; others are not in the catalogue"},
    {"arctan", "atan", {}},
    {"logistic", "sigmoid", {}},
    {"geluapproximate", "gelu_tanh", {}},
    {"logsoftmax", "softmax", "the loss logistic has it in itself: leave it out"},
    {"linear", "identity", {}},
    {"linearactivation", "identity", {}},
    {"noop", "identity", {}},
    {"dropout2d", "dropout", {}},
    {"spatialdropout2d", "dropout", {}},
    {"alphadropout", "dropout", {}},
    {"concatenate", "concat", {}},
    {"cat", "concat", {}},
    {"sum", "add", {}},
    {"residual", "add", {}},
    {"mul", "multiply", {}},
    // keys of a layer
    {"activation", "then", "write activations in then: [relu]"},
    {"activations", "then", {}},
    {"act", "then", "write activations in then: [relu]"},
    {"usebias", "bias", {}},
    {"inputs", "from", {}},
    {"bottom", "from", {}},
    {"id", "name", {}},
    // settings
    {"outchannels", "filters", {}},
    {"outputchannels", "filters", {}},
    {"numfilters", "filters", {}},
    {"numoutput", "filters", {}},
    {"numoutput", "units", {}},
    {"channels", "filters", {}},
    {"features", "filters", {}},
    {"outfeatures", "units", {}},
    {"neurons", "units", {}},
    {"numunits", "units", {}},
    {"features", "units", {}},
    {"size", "units", {}},
    {"inchannels", "inputs", {}},
    {"infeatures", "inputs", {}},
    {"kernelsize", "kernel", {}},
    {"poolsize", "kernel", {}},
    {"size", "kernel", {}},
    {"strides", "stride", {}},
    {"pad", "padding", {}},
    {"pads", "padding", {}},
    {"outputsize", "output", {}},
    {"ceilmode", "ceil", {}},
    {"countincludepad", "count_padding", {}},
    {"dilationrate", "dilation", {}},
    {"dilations", "dilation", {}},
    {"featuregroupcount", "groups", {}},
    {"numgroups", "groups", {}},
    {"eps", "epsilon", {}},
    {"elementwiseaffine", "affine", {}},
    {"scale", "affine", {}},
    {"center", "shift", {}},
    {"momentum", "epsilon", fixed_statistics},
    {"trackrunningstats", "epsilon", fixed_statistics},
    {"negativeslope", "slope", {}},
    {"alpha", "slope", {}},
    {"p", "rate", {}},
    // of the file
    {"batchsize", "batch", {}},
    {"inputshape", "input", {}},
    {"inputsize", "input", {}},
    {"size", "shape", {}},
    {"modules", "layers", {}},
    {"weightdecay", "regularizer", {}},
    // losses
    {"crossentropy", "logistic", {}},
    {"crossentropyloss", "logistic", {}},
    {"categoricalcrossentropy", "logistic", {}},
    {"sparsecategoricalcrossentropy", "logistic", {}},
    {"softmaxcrossentropy", "logistic", {}},
    {"nll", "logistic", {}},
    {"nllloss", "logistic", {}},
    {"mse", "square", {}},
    {"mseloss", "square", {}},
    {"meansquarederror", "square", {}},
    {"l2", "square", {}},
    {"l2loss", "square", {}},
});

}  // namespace

std::span<const Alias> aliases() { return table; }

std::string fold(std::string_view word) {
  std::string result;
  for (const char c : word) {
    if (c == '_' || c == '-') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

}  // namespace smoothbound
