// Layers of Caffe with windows, parameters or a function of each scalar.
#include <fmt/format.h>

#include <array>

#include "caffe/translator.hpp"

namespace smoothbound::models::caffe {
namespace {

using prototxt::Message;

// `kernel_size: 3`, `kernel_size: [3, 5]`, or `kernel_h` and `kernel_w`.
Pair pair_of(Translator& translator, Message& settings, std::string_view name,
             std::string_view height, std::string_view width, std::int64_t otherwise,
             std::int64_t smallest) {
  const std::vector<std::int64_t> both = settings.integers(name, smallest);
  if (both.size() > 2)
    translator.refuse(fmt::format("'{}' has over two sizes", name),
                      "images have a height and a width");
  const std::int64_t h = both.empty() ? otherwise : both.front();
  const std::int64_t w = both.empty() ? otherwise : both.back();
  return {settings.integer(height, h, smallest), settings.integer(width, w, smallest)};
}

// Fields that decide on training or speed alone.
void pass_over(Message& settings) {
  for (const std::string_view name :
       {"weight_filler", "bias_filler", "filler", "engine", "force_nd_im2col"}) {
    settings.find(name);
  }
}

// Parameters with names are those of every layer that names them.
void share(Translator& translator, StepId step) {
  std::string names;
  for (const prototxt::Field* const field : translator.layer->message.all("param")) {
    if (field->kind != prototxt::Field::Kind::message) names += field->value + '\n';  // old files
    for (const prototxt::Field& part : field->fields) {
      if (part.name == "name") names += part.value + '\n';
    }
  }
  if (names.empty()) return;
  const auto [found, is_new] = translator.shared.try_emplace(names, step);
  if (is_new) return;
  const Step& owner = translator.network.step(found->second);
  if (owner.component != translator.network.step(step).component) {
    translator.refuse("parameters are shared with a layer of another type",
                      "share them between layers of one type");
  }
  translator.network.step(step).share = found->second;
}

void add_conv(Translator& translator, bool is_transposed) {
  Message settings = translator.layer->message.message("convolution_param");
  const StepId input = translator.as_image(translator.bottom(0));
  const Shape image = translator.shape(input);
  const std::int64_t filters = settings.integer("num_output", 0, 1);
  const Pair kernel = pair_of(translator, settings, "kernel_size", "kernel_h", "kernel_w", 0, 1);
  const Pair stride = pair_of(translator, settings, "stride", "stride_h", "stride_w", 1, 1);
  const Pair pad = pair_of(translator, settings, "pad", "pad_h", "pad_w", 0, 0);
  const Pair dilation = pair_of(translator, settings, "dilation", "dilation_h", "dilation_w", 1, 1);
  const std::int64_t groups = settings.integer("group", 1, 1);
  const bool has_bias = settings.flag("bias_term", true);
  if (settings.integer("axis", 1, -4) != 1) {
    translator.refuse(fmt::format("{} is read with axis 1 only", translator.layer->type),
                      "axis 1 are the channels");
  }
  pass_over(settings);
  settings.finish("convolution_param", translator.network.notes);
  if (filters == 0 || kernel[0] == 0 || kernel[1] == 0) {
    translator.refuse("a convolution needs 'num_output' and 'kernel_size'",
                      "for example num_output: 64 kernel_size: 3");
  }
  if (image.channels() % groups != 0 || filters % groups != 0) {
    translator.refuse(fmt::format("{} groups do not divide {} input channels and {} filters",
                                  groups, image.channels(), filters),
                      "groups must divide both");
  }
  Pair output{};
  for (std::size_t axis = 0; axis < output.size(); ++axis) {
    const std::int64_t size = image.spatial(static_cast<int>(axis));
    const std::int64_t span = dilation.at(axis) * (kernel.at(axis) - 1) + 1;
    const std::int64_t rest = size + 2 * pad.at(axis) - span;
    if (is_transposed) {
      const std::int64_t reach = checked_product(stride.at(axis), size - 1, "the size of an axis");
      output.at(axis) = checked_sum(reach, span, "the size of an axis") - 2 * pad.at(axis);
    } else {
      output.at(axis) = rest < 0 ? 0 : rest / stride.at(axis) + 1;
    }
  }
  if (output[0] < 1 || output[1] < 1) {
    translator.refuse("the kernel is larger than the padded image",
                      "use a smaller kernel, or more padding");
  }
  std::vector<Setting> list{{"filters", std::to_string(filters)}, {"kernel", extent_text(kernel)}};
  if (stride != Pair{1, 1}) list.push_back({"stride", extent_text(stride)});
  if (pad != Pair{0, 0}) list.push_back({"padding", extent_text(pad)});
  if (dilation != Pair{1, 1}) list.push_back({"dilation", extent_text(dilation)});
  if (groups != 1) list.push_back({"groups", std::to_string(groups)});
  const StepId step =
      translator.network.add({.kind = Step::Kind::head,
                              .component = is_transposed ? "conv_transposed" : "conv",
                              .settings = std::move(list),
                              .inputs = {input},
                              .output = {filters, output[0], output[1]},
                              .name = translator.layer->name,
                              .bias = has_bias});
  share(translator, step);
  translator.top(step);
}

void read_dense(Translator& translator) {
  Message settings = translator.layer->message.message("inner_product_param");
  const StepId input = translator.bottom(0);
  const std::int64_t units = settings.integer("num_output", 0, 1);
  const bool has_bias = settings.flag("bias_term", true);
  settings.find("transpose");
  if (settings.integer("axis", 1, -4) != 1) {
    translator.refuse("InnerProduct is read with axis 1 only", "put a Flatten in front of it");
  }
  pass_over(settings);
  settings.finish("inner_product_param", translator.network.notes);
  if (units == 0)
    translator.refuse("InnerProduct needs 'num_output'", "for example num_output: 10");
  const StepId step = translator.network.add({.kind = Step::Kind::head,
                                              .component = "dense",
                                              .settings = {{"", std::to_string(units)}},
                                              .inputs = {input},
                                              .output = {units},
                                              .name = translator.layer->name,
                                              .bias = has_bias});
  share(translator, step);
  translator.top(step);
}

// Caffe rounds up, but no window begins in the padding behind where there is padding, be it along
// another axis.
std::int64_t pooled(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                    bool rounds_up, bool has_padding) {
  const std::int64_t rest = size + 2 * pad - kernel;
  if (rest < 0) return 0;
  if (!rounds_up) return rest / stride + 1;
  std::int64_t count = ceiling_of(rest, stride) + 1;
  if (has_padding && (count - 1) * stride >= size + pad) --count;
  return count;
}

void read_pooling(Translator& translator) {
  Message settings = translator.layer->message.message("pooling_param");
  const StepId input = translator.as_image(translator.bottom(0));
  const Shape image = translator.shape(input);
  const std::string kind = settings.text("pool", "MAX");
  const bool is_max = kind == "MAX" || kind == "0";
  if (!is_max && kind != "AVE" && kind != "1") {
    translator.refuse(fmt::format("the pooling '{}' has no counterpart", kind), "use MAX or AVE");
  }
  const bool is_global = settings.flag("global_pooling", false);
  const Pair kernel = pair_of(translator, settings, "kernel_size", "kernel_h", "kernel_w", 0, 1);
  const Pair stride = pair_of(translator, settings, "stride", "stride_h", "stride_w", 1, 1);
  const Pair pad = pair_of(translator, settings, "pad", "pad_h", "pad_w", 0, 0);
  const std::string rounding = settings.text("round_mode", "CEIL");
  const bool rounds_up =
      settings.flag("ceil_mode", true) && (rounding == "CEIL" || rounding == "0");
  settings.find("engine");
  settings.finish("pooling_param", translator.network.notes);
  if (is_global) {
    return translator.top(translator.map(is_max ? "global_max_pool" : "global_average_pool", {},
                                         input, {image.channels()}));
  }
  if (kernel[0] == 0 || kernel[1] == 0) {
    translator.refuse("a pooling needs 'kernel_size'", "or global_pooling: true");
  }
  Windows windows{{image.spatial(0), image.spatial(1)}, kernel, stride, pad, {}};
  for (std::size_t axis = 0; axis < windows.output.size(); ++axis) {
    windows.output.at(axis) = pooled(windows.input.at(axis), kernel.at(axis), stride.at(axis),
                                     pad.at(axis), rounds_up, pad != Pair{0, 0});
  }
  if (is_max) {
    return translator.top(add_max_pool(translator.network, input, windows, translator.layer->name));
  }
  auto list = pooling_settings(windows);
  if (!list || windows.output[0] < 1 || windows.output[1] < 1 || pad[0] >= kernel[0] ||
      pad[1] >= kernel[1]) {
    translator.refuse("these windows of an average have no counterpart",
                      "use a smaller kernel, stride or padding");
  }
  translator.top(translator.map("average_pool", std::move(*list), input,
                                {image.channels(), windows.output[0], windows.output[1]}));
}

void read_batch_norm(Translator& translator) {
  Message settings = translator.layer->message.message("batch_norm_param");
  const StepId input = translator.bottom(0);
  const double epsilon = settings.real("eps", 1e-5);
  const bool is_fixed = settings.flag("use_global_stats", false) && translator.keeps_statistics;
  settings.find("moving_average_fraction");
  settings.finish("batch_norm_param", translator.network.notes);
  if (!(epsilon >= 0)) translator.refuse("'eps' is below 0", "for example eps: 1e-5");
  std::vector<Setting> list{{"epsilon", yaml_number(epsilon)}, {"per", "channel"}};
  if (is_fixed) list.push_back({"statistics", "fixed"});
  (is_fixed ? translator.has_fixed_norms : translator.has_batch_norms) = true;
  translator.top(translator.map("batch_norm", std::move(list), input, translator.shape(input)));
}

// Scale and shift of each channel: those of the batch norm before, or of one that does nothing
// else.
void add_affine(Translator& translator, bool has_scale, bool has_shift) {
  const StepId input = translator.bottom(0);
  StepId from = input;
  std::vector<Setting> list{{"epsilon", "0"},
                            {"per", "channel"},
                            {"statistics", "fixed"},
                            {"mean", "0"},
                            {"variance", "1"}};
  const Step& before = translator.network.step(input);
  const bool is_norm = before.component == "batch_norm" && before.settings.back().key != "affine" &&
                       before.settings.back().key != "shift" &&
                       before.settings.back().key != "scale";
  if (is_norm) {
    list = before.settings;
    from = before.inputs.front();  // if nothing else reads what is before, it is left out
  }
  list.push_back({"affine", "true"});
  if (!has_scale) list.push_back({"scale", "false"});
  if (!has_shift) list.push_back({"shift", "false"});
  translator.top(translator.map("batch_norm", std::move(list), from, translator.shape(input)));
}

void read_scale(Translator& translator) {
  Message settings = translator.layer->message.message("scale_param");
  const bool has_bias = settings.flag("bias_term", false);
  const std::int64_t axis = settings.integer("axis", 1, -4);
  const std::int64_t axes = settings.integer("num_axes", 1, -1);
  pass_over(settings);
  settings.finish("scale_param", translator.network.notes);
  if (translator.layer->bottoms.size() > 1) {
    const StepId input = translator.bottom(0);
    const StepId factor = translator.bottom(1);
    const Shape shape = translator.shape(input);
    const Shape by = translator.shape(factor);
    const bool fits = by == shape || (by.positions() == 1 && by.channels() == shape.channels());
    if (axis != 0 || has_bias || !fits) {
      translator.refuse("a product of two blobs is read with axis: 0 and no bias only",
                        "the second one needs the same shape, or a number for each channel");
    }
    return translator.top(translator.merge("multiply", {input, factor}, shape));
  }
  if (axis != 1 || axes != 1) {
    translator.refuse("Scale is read with axis 1 and num_axes 1 only", "scale channels");
  }
  add_affine(translator, true, has_bias);
}

void read_bias(Translator& translator) {
  Message settings = translator.layer->message.message("bias_param");
  if (settings.integer("axis", 1, -4) != 1 || settings.integer("num_axes", 1, -1) != 1 ||
      translator.layer->bottoms.size() > 1) {
    translator.refuse("Bias is read with axis 1 and one bottom only", "shift channels");
  }
  pass_over(settings);
  settings.finish("bias_param", translator.network.notes);
  add_affine(translator, false, true);
}

void read_lrn(Translator& translator) {
  Message settings = translator.layer->message.message("lrn_param");
  const StepId input = translator.bottom(0);
  const std::int64_t size = settings.integer("local_size", 5, 1);
  const double alpha = settings.real("alpha", 1);
  const double beta = settings.real("beta", 0.75);
  const double k = settings.real("k", 1);
  const std::string region = settings.text("norm_region", "ACROSS_CHANNELS");
  settings.find("engine");
  settings.finish("lrn_param", translator.network.notes);
  if (region != "ACROSS_CHANNELS" && region != "0") {
    translator.refuse("LRN is read across channels only", "norm_region: ACROSS_CHANNELS");
  }
  if (size % 2 == 0) translator.refuse("'local_size' has to be odd", "for example local_size: 5");
  translator.top(translator.map("local_response_norm",
                                {{"size", std::to_string(size)},
                                 {"alpha", yaml_number(alpha)},
                                 {"beta", yaml_number(beta)},
                                 {"k", yaml_number(k)}},
                                input, translator.shape(input)));
}

void add_function(Translator& translator, std::string_view component,
                  std::vector<Setting> settings = {}) {
  const StepId input = translator.bottom(0);
  translator.top(translator.map(component, std::move(settings), input, translator.shape(input)));
}

void read_relu(Translator& translator) {
  Message settings = translator.layer->message.message("relu_param");
  const double slope = settings.real("negative_slope", 0);
  settings.find("engine");
  settings.finish("relu_param", translator.network.notes);
  if (slope == 0) return add_function(translator, "relu");
  add_function(translator, "leaky_relu", {{"", yaml_number(slope)}});
}

void read_prelu(Translator& translator) {
  Message settings = translator.layer->message.message("prelu_param");
  const bool is_shared = settings.flag("channel_shared", false);
  pass_over(settings);
  settings.finish("prelu_param", translator.network.notes);
  add_function(translator, "prelu",
               is_shared ? std::vector<Setting>{{"per", "layer"}} : std::vector<Setting>{});
}

void read_elu(Translator& translator) {
  Message settings = translator.layer->message.message("elu_param");
  const double alpha = settings.real("alpha", 1);
  settings.finish("elu_param", translator.network.notes);
  add_function(
      translator, "elu",
      alpha == 1 ? std::vector<Setting>{} : std::vector<Setting>{{"alpha", yaml_number(alpha)}});
}

void read_dropout(Translator& translator) {
  Message settings = translator.layer->message.message("dropout_param");
  const double rate = settings.real("dropout_ratio", 0.5);
  settings.find("scale_train");
  settings.finish("dropout_param", translator.network.notes);
  add_function(translator, "dropout", {{"", yaml_number(rate)}});
}

void read_power(Translator& translator) {
  Message settings = translator.layer->message.message("power_param");
  const double power = settings.real("power", 1);
  const double factor = settings.real("scale", 1);
  const double summand = settings.real("shift", 0);
  settings.finish("power_param", translator.network.notes);
  if (power != 1) translator.refuse("Power is read with power: 1 only", "give it as opaque");
  StepId step = translator.bottom(0);
  const Shape shape = translator.shape(step);
  if (factor != 1) step = translator.map("scale", {{"", yaml_number(factor)}}, step, shape);
  if (summand != 0) step = translator.map("shift", {{"", yaml_number(summand)}}, step, shape);
  translator.top(step);
}

constexpr const char* no_counterpart = "no component computes it";
constexpr std::array<LayerRow, 25> rows{{
    {"Convolution", "conv", [](Translator& t) { add_conv(t, false); }},
    {"Deconvolution", "conv_transposed", [](Translator& t) { add_conv(t, true); }},
    {"InnerProduct", "dense", read_dense},
    {"Pooling", "max_pool or average_pool, and global ones", read_pooling},
    {"BatchNorm", "batch_norm", read_batch_norm},
    {"Scale", "the affine part of a batch_norm, or multiply", read_scale},
    {"Bias", "the shift of a batch_norm", read_bias},
    {"LRN", "local_response_norm", read_lrn},
    {"ReLU", "relu or leaky_relu", read_relu},
    {"ReLU6", "relu6", [](Translator& t) { add_function(t, "relu6"); }},
    {"PReLU", "prelu", read_prelu},
    {"ELU", "elu", read_elu},
    {"Sigmoid", "sigmoid", [](Translator& t) { add_function(t, "sigmoid"); }},
    {"TanH", "tanh", [](Translator& t) { add_function(t, "tanh"); }},
    {"BNLL", "softplus", [](Translator& t) { add_function(t, "softplus"); }},
    {"Dropout", "dropout", read_dropout},
    {"Power", "scale and shift", read_power},
    {"AbsVal", no_counterpart, nullptr},
    {"Exp", no_counterpart, nullptr},
    {"Log", no_counterpart, nullptr},
    {"Threshold", no_counterpart, nullptr},
    {"MVN", "it adds its epsilon to the deviation, not to the variance", nullptr},
    {"RNN", "recurrent layers have no counterpart", nullptr},
    {"LSTM", "recurrent layers have no counterpart", nullptr},
    {"Embed", "its input are ids, which a network of images does not have", nullptr},
}};

}  // namespace

std::span<const LayerRow> parameter_rows() { return rows; }

}  // namespace smoothbound::models::caffe
