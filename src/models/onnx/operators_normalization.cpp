// Normalizations.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "padding.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

std::string epsilon_of(const Node& node) {
  return yaml_number(static_cast<float>(node.real("epsilon", 1e-5)));
}

// An array of ones or zeros that no parameter is meant by.
bool is_literal_of(const Constant* numbers, double value) {
  return numbers == nullptr || (!numbers->may_be_trained && numbers->is_all(value));
}

// The learnable scale and shift of a normalization with so many features; `arrays` gets theirs.
void add_affine(Step& step, const Constant* scale, const Constant* shift, std::int64_t features,
                std::vector<BlockArray>& arrays) {
  const bool has_scale = !is_literal_of(scale, 1);
  const bool has_shift = !is_literal_of(shift, 0);
  if (!has_scale && !has_shift) return;
  step.settings.push_back({"affine", "true"});
  const auto use = [&](bool has, const Constant* numbers, const char* word,
                       std::string_view suffix) {
    if (!has) return step.settings.push_back({word, "false"});
    if (numbers->elements() != features) {
      refuse(
          fmt::format("{} [{}] for {} features", word, fmt::join(numbers->sizes, ", "), features),
          "there is one number for each feature");
    }
    arrays.push_back({suffix, numbers->reshaped({features})});
  };
  use(has_scale, scale, "scale", "weight");
  use(has_shift, shift, "shift", "bias");
}

// The array with channels along axis 1, laid as [channels, ...].
struct ByChannel {
  StepId step;
  View result;  // of a map of it
};
ByChannel by_channel(Translator& translator, const Node& node, const View& x) {
  if (x.rank() < 2 || x.sizes[0] != 1) {
    refuse(fmt::format("it reads an array [{}]", fmt::join(x.sizes, ", ")),
           "it reads [batch, channels, ...]");
  }
  const Shape& own = translator.network().shape(x.step);
  if (own.channels() == x.sizes[1] && (x.strides[1] == own.positions() || x.sizes[1] == 1)) {
    return {x.step, x};
  }
  Sizes sizes{x.sizes.begin() + 1, x.sizes.end()};
  if (sizes.size() > static_cast<std::size_t>(Shape::largest_rank)) {
    sizes = {x.sizes[1], x.elements() / x.sizes[1]};
  }
  AxisList order(x.rank() - 1);
  std::iota(order.begin(), order.end(), 1);
  const StepId step = translator.arranged(x, order, shape_of(sizes), node);
  return {step, in_order(step, x.sizes, x)};
}

void set_normalized(Translator& translator, const Node& node, ByChannel at, Step step) {
  step.inputs = {at.step};
  step.output = translator.network().shape(at.step);
  at.result.step = translator.add(std::move(step));
  translator.set(node, 0, std::move(at.result));
}

void translate_batch_norm(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const bool trains =
      node.integer("training_mode", 0) != 0 ||
      node.integer("is_test", translator.graph().opset < 7 ? 0 : 1) == 0 ||
      (translator.graph().opset < 14 && node.outputs.size() > 1 && node.outputs[1] != absent);
  Step step;
  step.component = "batch_norm";
  step.name = translator.name_of(node);
  step.settings = {{"epsilon", epsilon_of(node)}};
  ByChannel at{x.step, x};
  std::int64_t features = 1;
  if (node.integer("spatial", 1) == 0 && x.rank() > 1 && x.sizes[0] == 1) {
    AxisList order(x.rank() - 1);
    std::iota(order.begin(), order.end(), 1);
    const StepId laid =
        translator.arranged(x, order, shape_of({x.sizes.begin() + 1, x.sizes.end()}), node);
    at = {laid, in_order(laid, x.sizes, x)};
    features = x.elements();
    step.settings.push_back({"per", "element"});
  } else {
    at = by_channel(translator, node, x);
    features = x.sizes[1];
    step.settings.push_back({"per", "channel"});
  }
  std::vector<BlockArray> arrays;
  add_affine(step, translator.optional_constant(node, 1, "the scale"),
             translator.optional_constant(node, 2, "the shift"), features, arrays);
  const bool is_fixed = translator.options().batch_norms == ImportOptions::BatchNorms::fixed;
  if (trains || !is_fixed) {
    if (trains) {
      translator.note(
          fmt::format("'{}' is exported for training: it takes the statistics of each batch",
                      translator.name_of(node)));
    }
  } else {
    const Constant& mean = translator.require_constant(node, 3, "the mean");
    const Constant& variance = translator.require_constant(node, 4, "the variance");
    if (mean.elements() != features || variance.elements() != features) {
      refuse(fmt::format("{} means and {} variances for {} features", mean.elements(),
                         variance.elements(), features),
             "there is one of each for each feature");
    }
    if (std::ranges::any_of(variance.values(), [](double value) { return !(value >= 0); })) {
      refuse("a variance is below 0 or no number", "variances are squares: is the file complete?");
    }
    step.settings.push_back({"statistics", "fixed"});
    if (translator.options().statistics_in_text) {
      step.settings.push_back({"mean", translator.numbers_text(mean)});
      step.settings.push_back({"variance", translator.numbers_text(variance)});
    }
    arrays.push_back({"running_mean", mean.reshaped({features})});
    arrays.push_back({"running_var", variance.reshaped({features})});
  }
  translator.bind(step, node, std::move(arrays));
  set_normalized(translator, node, std::move(at), std::move(step));
}

// Over the axes `over` of each position of the others.
void normalize_axes(Translator& translator, const Node& node, const AxisList& over,
                    const std::string& component) {
  const View& x = translator.require_view(node, 0);
  AxisList order = over;
  Sizes sizes{1};
  for (const std::size_t axis : over) {
    if (x.holds_batch(axis)) {
      refuse("it goes over the batch, so that samples depend on each other",
             "export it over the features of each sample");
    }
    sizes[0] *= x.sizes[axis];
  }
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (std::ranges::find(over, axis) != over.end()) continue;
    order.push_back(axis);
    if (x.sizes[axis] != 1) sizes.push_back(x.sizes[axis]);
  }
  if (sizes.size() > static_cast<std::size_t>(Shape::largest_rank)) {
    sizes = {sizes[0], x.elements() / sizes[0]};
  }
  Step step;
  step.component = component;
  step.name = translator.name_of(node);
  step.settings = {{"epsilon", epsilon_of(node)}, {"per", "position"}};
  std::vector<BlockArray> arrays;
  add_affine(step, translator.optional_constant(node, 1, "the scale"),
             translator.optional_constant(node, 2, "the shift"), sizes[0], arrays);
  translator.bind(step, node, std::move(arrays));
  step.inputs = {translator.arranged(x, order, shape_of(sizes), node)};
  step.output = translator.network().shape(step.inputs[0]);
  Sizes ordered;
  for (const std::size_t axis : order) ordered.push_back(x.sizes[axis]);
  const View laid = in_order(translator.add(std::move(step)), ordered, View::nowhere);
  View result = x;
  result.step = laid.step;
  for (std::size_t i = 0; i < order.size(); ++i) result.strides[order[i]] = laid.strides[i];
  translator.set(node, 0, std::move(result));
}

void translate_layer_norm(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  AxisList over;
  for (const std::int64_t named : node.integers("axes")) {
    const std::size_t axis = axis_within(named, x.rank());
    if (std::ranges::find(over, axis) == over.end()) over.push_back(axis);
  }
  if (over.empty()) {
    for (std::size_t axis = axis_within(node.integer("axis", -1), x.rank()); axis < x.rank();
         ++axis) {
      over.push_back(axis);
    }
  }
  normalize_axes(translator, node, over,
                 node.operation == "LayerNormalization" ? "layer_norm" : "rms_norm");
}

// A number for each group, repeated for each of its channels (opsets 18 to 20).
Constant for_channels(Translator& translator, const Constant& numbers, std::int64_t groups,
                      std::int64_t channels) {
  if (numbers.elements() != groups || groups == channels) return numbers;
  translator.require_room({channels});
  const std::int64_t each = channels / groups;
  Constant result({channels}, numbers, [from = numbers, each] {
    std::vector<double> values;
    for (const double value : from.values())
      values.insert(values.end(), static_cast<std::size_t>(each), value);
    return values;
  });
  result.add_to_view(fmt::format("each{}", each));
  return result;
}

void translate_group_norm(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  ByChannel at = by_channel(translator, node, x);
  const std::int64_t channels = x.sizes[1];
  Step step;
  step.name = translator.name_of(node);
  std::int64_t groups = channels;
  if (node.operation == "InstanceNormalization") {
    step.component = "instance_norm";
  } else {
    groups = node.integer("num_groups", 1);
    if (groups < 1 || channels % groups != 0) {
      refuse(fmt::format("{} groups of {} channels", groups, channels),
             "groups divide the channels");
    }
    step.component = "group_norm";
    step.settings.push_back({"groups", std::to_string(groups)});
  }
  step.settings.push_back({"epsilon", epsilon_of(node)});
  std::optional<Constant> scale;
  std::optional<Constant> shift;
  if (const Constant* const c = translator.optional_constant(node, 1, "the scale"))
    scale = for_channels(translator, *c, groups, channels);
  if (const Constant* const c = translator.optional_constant(node, 2, "the shift"))
    shift = for_channels(translator, *c, groups, channels);
  std::vector<BlockArray> arrays;
  add_affine(step, scale ? &*scale : nullptr, shift ? &*shift : nullptr, channels, arrays);
  translator.bind(step, node, std::move(arrays));
  set_normalized(translator, node, std::move(at), std::move(step));
}

void translate_local_response(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  ByChannel at = by_channel(translator, node, x);
  const std::int64_t size = node.integer("size", 1);
  if (size < 1 || size % 2 == 0) {
    refuse(fmt::format("a window of {} channels", size),
           "windows have an odd number of them, with their channel in the middle");
  }
  Step step;
  step.component = "local_response_norm";
  step.name = translator.name_of(node);
  const auto number = [&](std::string_view name, float otherwise) {
    return yaml_number(static_cast<float>(node.real(name, static_cast<double>(otherwise))));
  };
  step.settings = {{"size", std::to_string(size)},
                   {"alpha", number("alpha", 1e-4F)},
                   {"beta", number("beta", 0.75F)},
                   {"k", number("bias", 1)}};
  set_normalized(translator, node, std::move(at), std::move(step));
}

}  // namespace

std::vector<Operator> normalization_operators() {
  return {
      {"BatchNormalization", "batch_norm with fixed statistics", translate_batch_norm},
      {"LayerNormalization", "layer_norm: {per: position}", translate_layer_norm},
      {"RMSNormalization", "rms_norm: {per: position}", translate_layer_norm},
      {"GroupNormalization", "group_norm", translate_group_norm},
      {"InstanceNormalization", "instance_norm", translate_group_norm},
      {"LRN", "local_response_norm", translate_local_response},
  };
}

}  // namespace smoothbound::models::onnx
