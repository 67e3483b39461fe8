// Layers of Caffe that add, join, move or leave out, and those around a network.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "caffe/translator.hpp"

namespace smoothbound::models::caffe {
namespace {

using prototxt::Message;

std::vector<StepId> all_bottoms(Translator& translator) {
  std::vector<StepId> steps;
  for (std::size_t i = 0; i < translator.layer->bottoms.size(); ++i) {
    steps.push_back(translator.bottom(i));
  }
  if (steps.empty()) translator.bottom(0);  // refuses
  return steps;
}

std::vector<std::int64_t> sizes_of(const Shape& shape) {
  return {shape.sizes().begin(), shape.sizes().end()};
}

void read_eltwise(Translator& translator) {
  Message settings = translator.layer->message.message("eltwise_param");
  std::vector<StepId> inputs = all_bottoms(translator);
  const std::string operation = settings.text("operation", "SUM");
  const std::vector<double> factors = settings.reals("coeff");
  settings.find("stable_prod_grad");
  settings.finish("eltwise_param", translator.network.notes);
  const bool is_sum = operation == "SUM" || operation == "1";
  if (!is_sum && operation != "PROD" && operation != "0") {
    translator.refuse(fmt::format("the operation '{}' has no counterpart", operation),
                      "SUM and PROD are read");
  }
  if (!factors.empty() && (!is_sum || factors.size() != inputs.size())) {
    translator.refuse("'coeff' has to be given once for each bottom of a SUM", "or not at all");
  }
  const Shape shape = translator.shape(inputs.front());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape other = translator.shape(inputs[i]);
    if (other != shape) {
      translator.refuse(fmt::format("{} and {} are not equal", shape.to_text(), other.to_text()),
                        "Eltwise needs equal shapes");
    }
    if (i < factors.size() && factors[i] != 1) {
      inputs[i] = translator.map("scale", {{"", yaml_number(factors[i])}}, inputs[i], shape);
    }
  }
  if (inputs.size() == 1) return translator.top(inputs.front());
  translator.top(translator.merge(is_sum ? "add" : "multiply", std::move(inputs), shape));
}

// `axis`, or `concat_dim` and `slice_dim` of old files.
std::size_t axis_or_dim(Translator& translator, Message& settings, std::string_view old,
                        const Shape& shape) {
  const std::int64_t dim = settings.integer(old, 1, 0);
  return translator.axis_of(settings, "axis", dim, shape);
}

void read_concat(Translator& translator) {
  Message settings = translator.layer->message.message("concat_param");
  std::vector<StepId> inputs = all_bottoms(translator);
  const Shape first = translator.shape(inputs.front());
  const std::size_t axis = axis_or_dim(translator, settings, "concat_dim", first);
  settings.finish("concat_param", translator.network.notes);
  if (inputs.size() == 1) return translator.top(inputs.front());
  std::vector<std::int64_t> sizes = sizes_of(first);
  sizes.at(axis) = 0;
  std::int64_t total = 0;
  for (const StepId input : inputs) {
    std::vector<std::int64_t> others = sizes_of(translator.shape(input));
    const std::int64_t size = axis < others.size() ? others[axis] : 0;
    if (axis < others.size()) others[axis] = 0;
    if (others != sizes) {
      translator.refuse(fmt::format("{} and {} cannot be joined", first.to_text(),
                                    translator.shape(input).to_text()),
                        "Concat needs equal sizes but for its axis");
    }
    total = checked_sum(total, size, "the size of an axis");
  }
  sizes.at(axis) = total;
  const StepId step = translator.merge("concat", std::move(inputs), Shape(sizes));
  if (axis > 0) {
    translator.network.step(step).settings.push_back({"axis", axis_word(axis, first.rank())});
  }
  translator.top(step);
}

void read_slice(Translator& translator) {
  Message settings = translator.layer->message.message("slice_param");
  const StepId input = translator.bottom(0);
  const Shape shape = translator.shape(input);
  const std::size_t axis = axis_or_dim(translator, settings, "slice_dim", shape);
  std::vector<std::int64_t> points = settings.integers("slice_point", 1);
  settings.finish("slice_param", translator.network.notes);
  const std::vector<std::string>& tops = translator.layer->tops;
  const std::int64_t size = shape.sizes()[axis];
  const auto count = static_cast<std::int64_t>(tops.size());
  if (points.empty() && count > 0 && size % count == 0) {
    for (std::int64_t i = 1; i < count; ++i) points.push_back(i * (size / count));
  }
  points.insert(points.begin(), 0);
  points.push_back(size);
  const bool increases =
      std::ranges::adjacent_find(points, std::ranges::greater_equal()) == points.end();
  if (tops.empty() || points.size() != tops.size() + 1 || !increases) {
    translator.refuse(fmt::format("{} entries cannot be cut into {} tops", size, tops.size()),
                      "give increasing 'slice_point's, one less than tops");
  }
  for (std::size_t i = 0; i < tops.size(); ++i) {
    translator.make(tops[i], Translator::Blob::Kind::step,
                    translator.slice(input, axis, points[i], points[i + 1]));
  }
}

void read_split(Translator& translator) {
  const StepId input = translator.bottom(0);
  for (const std::string& top : translator.layer->tops) {
    translator.make(top, Translator::Blob::Kind::step, input);
  }
}

void read_flatten(Translator& translator) {
  Message settings = translator.layer->message.message("flatten_param");
  const StepId input = translator.bottom(0);
  if (settings.integer("axis", 1, -4) != 1 || settings.integer("end_axis", -1, -4) != -1) {
    translator.refuse("Flatten is read with axis 1 and end_axis -1 only", "or use Reshape");
  }
  settings.finish("flatten_param", translator.network.notes);
  const Shape shape = translator.shape(input);
  if (shape.rank() == 1) return translator.top(input);
  translator.top(translator.map("flatten", {}, input, {shape.elements()}));
}

StepId reshape(Translator& translator, StepId input, const Shape& shape) {
  if (translator.shape(input) == shape) return input;
  return translator.map("reshape", {{"", yaml_list(sizes_of(shape))}}, input, shape);
}

void read_reshape(Translator& translator) {
  Message settings = translator.layer->message.message("reshape_param");
  const StepId input = translator.bottom(0);
  const Shape shape = translator.shape(input);
  std::vector<std::int64_t> sizes = settings.message("shape").integers("dim", -1);
  if (settings.integer("axis", 0, -4) != 0 || settings.integer("num_axes", -1, -1) != -1 ||
      sizes.size() < 2 || sizes.size() > Shape::largest_rank + 1) {
    translator.refuse("Reshape is read with two to five sizes and axis 0 only",
                      "for example shape { dim: 0 dim: -1 }");
  }
  settings.finish("reshape_param", translator.network.notes);
  sizes.erase(sizes.begin());  // the batch
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) sizes[i] = i < shape.sizes().size() ? shape.sizes()[i] : 1;
    if (sizes[i] < 0) {
      open = &sizes[i];
    } else {
      known = checked_product(known, sizes[i], "the number of scalars");
    }
  }
  if (open != nullptr) *open = std::max<std::int64_t>(shape.elements() / known, 1);
  if (std::ranges::count(sizes, -1) > 0 || Shape(sizes).elements() != shape.elements()) {
    translator.refuse(
        fmt::format("{} has other scalars than {}", yaml_list(sizes), shape.to_text()),
        "a sample keeps its scalars; the first size is that of the batch");
  }
  translator.top(reshape(translator, input, Shape(sizes)));
}

void read_permute(Translator& translator) {
  Message settings = translator.layer->message.message("permute_param");
  const StepId input = translator.bottom(0);
  const Shape shape = translator.shape(input);
  const std::vector<std::int64_t> order = settings.integers("order", 0);
  settings.finish("permute_param", translator.network.notes);
  std::vector<std::int64_t> sorted = order;
  std::ranges::sort(sorted);
  bool is_order = order.size() == shape.sizes().size() + 1 && order.front() == 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    is_order = is_order && sorted[i] == static_cast<std::int64_t>(i);
  }
  if (!is_order) {
    translator.refuse("'order' has to name each axis once, the batch first",
                      "for example order: [0, 2, 3, 1]");
  }
  std::string names;
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto axis = static_cast<std::size_t>(order[i] - 1);
    names += fmt::format("{}{}", i == 1 ? "" : ", ", axis_word(axis, shape.rank()));
    sizes.push_back(shape.sizes()[axis]);
  }
  translator.top(
      translator.map("permute", {{"axes", fmt::format("[{}]", names)}}, input, Shape(sizes)));
}

void read_softmax(Translator& translator) {
  Message settings = translator.layer->message.message("softmax_param");
  const StepId input = translator.bottom(0);
  const Shape shape = translator.shape(input);
  const std::size_t axis = translator.axis_of(settings, "axis", 1, shape);
  settings.find("engine");
  settings.finish("softmax_param", translator.network.notes);
  std::vector<Setting> list;
  if (axis > 0) list.push_back({"", axis_word(axis, shape.rank())});
  translator.top(translator.map("softmax", std::move(list), input, shape));
}

// As large as the second bottom, from an offset on.
void read_crop(Translator& translator) {
  Message settings = translator.layer->message.message("crop_param");
  StepId step = translator.bottom(0);
  const Shape like = translator.shape(translator.bottom(1));
  const std::size_t first = translator.axis_of(settings, "axis", 2, translator.shape(step));
  const std::vector<std::int64_t> offsets = settings.integers("offset", 0);
  settings.finish("crop_param", translator.network.notes);
  const std::size_t rank = translator.shape(step).sizes().size();
  if (like.sizes().size() != rank || (offsets.size() > 1 && offsets.size() != rank - first)) {
    translator.refuse("Crop needs equal axes, and one offset or one for each", "check 'offset'");
  }
  for (std::size_t axis = first; axis < rank; ++axis) {
    const std::int64_t from = offsets.empty()       ? 0
                              : offsets.size() == 1 ? offsets.front()
                                                    : offsets[axis - first];
    const std::int64_t to = from + like.sizes()[axis];
    const std::int64_t size = translator.shape(step).sizes()[axis];
    if (to > size) {
      translator.refuse(fmt::format("entries {} to {} of {}", from, to, size),
                        "use a smaller offset");
    }
    if (to - from < size)
      step =
          translator.slice(step, axis, from, to);  // NOLINT(readability-suspicious-call-argument)
  }
  translator.top(step);
}

void read_shuffle(Translator& translator) {
  Message settings = translator.layer->message.message("shuffle_channel_param");
  const std::int64_t groups = settings.integer("group", 1, 1);
  settings.finish("shuffle_channel_param", translator.network.notes);
  const StepId input = translator.bottom(0);
  if (translator.shape(input).channels() % groups != 0) {
    translator.refuse("'group' does not divide the channels", "use a divisor");
  }
  translator.top(translator.map("channel_shuffle", {{"", std::to_string(groups)}}, input,
                                translator.shape(input)));
}

void declare_inputs(Translator& translator, std::string_view parameter) {
  const auto shapes = translator.layer->message.message(parameter).all("shape");
  for (std::size_t i = 0; i < translator.layer->tops.size(); ++i) {
    if (shapes.empty()) {
      translator.refuse(fmt::format("an input without '{} {{ shape ... }}'", parameter),
                        "for example input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } }");
    }
    Message shape(*shapes[std::min(i, shapes.size() - 1)], translator.mistakes);
    std::vector<std::int64_t> sizes = shape.integers("dim", 1);
    if (sizes.size() > 1) sizes.erase(sizes.begin());
    translator.input(translator.layer->tops[i], Shape(sizes));
  }
}

// Sizes of images lie in a data base; where they are cut, they are known but for the channels.
void read_data(Translator& translator) {
  const std::int64_t size =
      translator.layer->message.message("transform_param").integer("crop_size", 0, 0);
  const std::vector<std::string>& tops = translator.layer->tops;
  if (size == 0 || tops.empty()) {
    translator.refuse(
        fmt::format("the sizes of what {} reads are not in this file", translator.layer->type),
        "write type: \"Input\" and input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } }");
  }
  translator.input(tops.front(), {3, size, size});
  translator.network.notes.push_back(
      fmt::format("layer '{}': images are taken to have three channels", translator.layer->name));
  for (std::size_t i = 1; i < tops.size(); ++i) {
    translator.make(tops[i], Translator::Blob::Kind::side, 0);
  }
}

void end_with(Translator& translator, std::string_view loss) {
  translator.loss = {translator.bottom(0, false), loss};
}

void leave_out(Translator& translator) {
  for (const std::string& top : translator.layer->tops) {
    translator.make(top, Translator::Blob::Kind::side, 0);
  }
}

constexpr std::array<LayerRow, 14> moving{{
    {"Eltwise", "add or multiply", read_eltwise},
    {"Concat", "concat", read_concat},
    {"Slice", "slice", read_slice},
    {"Split", "nothing: a name for the same", read_split},
    {"Flatten", "flatten", read_flatten},
    {"Reshape", "reshape", read_reshape},
    {"Permute", "permute", read_permute},
    {"Softmax", "softmax", read_softmax},
    {"Crop", "slice", read_crop},
    {"ShuffleChannel", "channel_shuffle", read_shuffle},
    {"Axpy", "write it as Scale and Eltwise", nullptr},
    {"Tile", "no component computes it", nullptr},
    {"Reduction", "no component computes it", nullptr},
    {"Normalize", "no component computes it", nullptr},
}};

constexpr std::array<LayerRow, 20> outer{{
    {"Input", "the input", [](Translator& t) { declare_inputs(t, "input_param"); }},
    {"DummyData", "the input", [](Translator& t) { declare_inputs(t, "dummy_data_param"); }},
    {"Data", "the input", read_data},
    {"ImageData", "the input", read_data},
    {"HDF5Data", "the input", read_data},
    {"MemoryData", "the input", read_data},
    {"WindowData", "the input", read_data},
    {"AnnotatedData", "the input", read_data},
    {"SoftmaxWithLoss", "the loss logistic", [](Translator& t) { end_with(t, "logistic"); }},
    {"SoftmaxLoss", "the loss logistic", [](Translator& t) { end_with(t, "logistic"); }},
    {"EuclideanLoss", "the loss square", [](Translator& t) { end_with(t, "square"); }},
    {"SigmoidCrossEntropyLoss", "nothing: its mean is another one than that of binary_logistic",
     [](Translator& t) { end_with(t, ""); }},
    {"HingeLoss", "nothing", leave_out},
    {"InfogainLoss", "nothing", leave_out},
    {"MultinomialLogisticLoss", "nothing", leave_out},
    {"ContrastiveLoss", "nothing", leave_out},
    {"Accuracy", "nothing", leave_out},
    {"ArgMax", "nothing", leave_out},
    {"Silence", "nothing", leave_out},
    {"HDF5Output", "nothing", leave_out},
}};

}  // namespace

std::span<const LayerRow> structure_rows() { return moving; }
std::span<const LayerRow> outer_rows() { return outer; }

}  // namespace smoothbound::models::caffe
