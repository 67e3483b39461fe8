#include "smoothbound/text/aliases.hpp"

#include <array>

namespace smoothbound {
namespace {

constexpr std::string_view flattening =
    "leave it out: dense takes an input of any shape as one vector";
constexpr std::string_view no_learned_slope =
    "a learned slope is not in the catalogue; leaky_relu has a fixed one";
constexpr std::string_view no_adaptive_pool =
    "global_average_pool gives one position; for others, use average_pool with a kernel";
constexpr std::string_view no_transposed =
    "transposed convolutions are not in the catalogue; opaque takes your own constants";
constexpr std::string_view no_recurrence =
    "recurrent layers and attention are not in the catalogue; opaque takes your own constants";
constexpr std::string_view fixed_statistics =
    "statistics are the batch's, or, with statistics: fixed, given: leave it out";
constexpr std::string_view per_channel_response =
    "local_response_norm has windows of channels, not of positions";
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
    {"convtranspose2d", "conv", no_transposed},
    {"conv2dtranspose", "conv", no_transposed},
    {"conv3d", "conv", "conv has one or two spatial axes"},
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
    {"syncbatchnorm", "batch_norm", {}},
    {"batchnormalize", "batch_norm",
     "write it behind the layer's own component: then: [batch_norm]"},
    {"frozenbatchnorm2d", "batch_norm", "batch_norm with statistics: fixed"},
    {"layernormalization", "layer_norm", {}},
    {"layernorm2d", "layer_norm", "layer_norm with per: position"},
    {"ln", "layer_norm", {}},
    {"groupnormalization", "group_norm", {}},
    {"gn", "group_norm", {}},
    {"instancenorm1d", "instance_norm", {}},
    {"instancenorm2d", "instance_norm", {}},
    {"instancenormalization", "instance_norm", {}},
    {"localresponsenormalization", "local_response_norm", {}},
    {"lrn", "local_response_norm", {}},
    {"crosschannellrn", "local_response_norm", {}},
    {"withinchannellrn", "local_response_norm", per_channel_response},
    {"simplifiedlayernormalization", "rms_norm", {}},
    {"rmsnormalization", "rms_norm", {}},
    {"maxpool1d", "max_pool", {}},
    {"maxpool2d", "max_pool", {}},
    {"maxpooling", "max_pool", {}},
    {"maxpooling1d", "max_pool", {}},
    {"maxpooling2d", "max_pool", {}},
    {"avgpool", "average_pool", {}},
    {"avgpool1d", "average_pool", {}},
    {"avgpool2d", "average_pool", {}},
    {"averagepooling", "average_pool", {}},
    {"averagepooling2d", "average_pool", {}},
    {"meanpool", "average_pool", {}},
    {"gap", "global_average_pool", {}},
    {"globalavgpool", "global_average_pool", {}},
    {"globalavgpool2d", "global_average_pool", {}},
    {"globalaveragepooling", "global_average_pool", {}},
    {"globalaveragepooling2d", "global_average_pool", {}},
    {"adaptiveavgpool2d", "global_average_pool", no_adaptive_pool},
    {"globalmaxpool", "max_pool", "max_pool with the kernel of the whole input"},
    {"globalmaxpooling2d", "max_pool", "max_pool with the kernel of the whole input"},
    {"zeropadding2d", "max_pool", no_cropping},
    {"swish", "silu", {}},
    {"lrelu", "leaky_relu", {}},
    {"prelu", "leaky_relu", no_learned_slope},
    {"rrelu", "leaky_relu", no_learned_slope},
    {"crelu", "relu", "concat of relu and of its opposite is not one component"},
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
    {"localsize", "size", {}},
    {"depthradius", "size", "size is 2 depth_radius + 1; alpha_of: sum, as in TensorFlow"},
    {"strides", "stride", {}},
    {"pad", "padding", {}},
    {"pads", "padding", {}},
    {"dilationrate", "dilation", {}},
    {"dilations", "dilation", {}},
    {"featuregroupcount", "groups", {}},
    {"numgroups", "groups", {}},
    {"eps", "epsilon", {}},
    {"elementwiseaffine", "affine", {}},
    {"center", "shift", {}},
    {"runningmean", "mean", {}},
    {"movingmean", "mean", {}},
    {"runningvar", "variance", {}},
    {"movingvariance", "variance", {}},
    {"trainingmode", "statistics", {}},
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
    {"bceloss", "binary_logistic", "it takes outputs before the sigmoid: remove that"},
    {"bcewithlogitsloss", "binary_logistic", {}},
    {"bcewithlogits", "binary_logistic", {}},
    {"bce", "binary_logistic", {}},
    {"binarycrossentropy", "binary_logistic", {}},
    {"sigmoidcrossentropy", "binary_logistic", {}},
    {"huberloss", "huber", {}},
    {"smoothl1", "huber", "smooth L1 is huber divided by its threshold"},
    {"smoothl1loss", "huber", "smooth L1 is huber divided by its threshold"},
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
