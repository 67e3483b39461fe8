// Operators that move, choose and join numbers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "elementwise.hpp"
#include "layout.hpp"
#include "padding.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

// How many an axis has in the file: all samples, where it is that of the batch.
std::int64_t entries_of(const Translator& translator, const View& x, std::size_t axis) {
  return x.holds_batch(axis) ? translator.batch() * x.sizes[axis] : x.sizes[axis];
}

Sizes entries_of(const Translator& translator, const View& x) {
  Sizes sizes;
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    sizes.push_back(entries_of(translator, x, axis));
  return sizes;
}

}  // namespace

View sliced(Translator& translator, const Node& node, const View& x, std::size_t axis,
            Range range) {
  if (range.count == entries_of(translator, x, axis) && range.step == 1) return x;
  if (range.count < 1)
    refuse("nothing is left of an axis", "is the size of the input that of the network?");
  if (range.step < 1) refuse("an axis is turned around", "the catalogue has no reversed order");
  if (x.holds_batch(axis))
    refuse("it takes some of the samples", "export the network for each sample");
  const Isolated at = isolated(translator.network(), x, axis, translator.name_of(node));
  const Shape& shape = translator.network().shape(at.step);
  Sizes sizes(shape.sizes().begin(), shape.sizes().end());
  std::vector<Setting> settings;
  if (at.axis != 0) settings.push_back({"axis", axis_word(at.axis, shape.rank())});
  if (range.from != 0) settings.push_back({"from", std::to_string(range.from)});
  const std::int64_t to = range.from + (range.count - 1) * range.step + 1;
  if (to != sizes[at.axis]) settings.push_back({"to", std::to_string(to)});
  if (range.step != 1) settings.push_back({"step", std::to_string(range.step)});
  sizes[at.axis] = range.count;
  const StepId step = translator.map(at.step, "slice", std::move(settings), shape_of(sizes), node);
  return resized(x, axis, range.count, step);
}

namespace {

void translate_identity(Translator& translator, const Node& node) {
  translator.set(node, 0, translator.require_view(node, 0));
}

void translate_cast(Translator& translator, const Node& node) {
  View x = translator.require_view(node, 0);
  const auto to = static_cast<DataType>(node.integer("to", 1));
  const bool is_real = to == DataType::float32 || to == DataType::float64 ||
                       to == DataType::float16 || to == DataType::bfloat16;
  // A truth value decides about an If, which then says so.
  if (!is_real && !x.is_ids && to != DataType::boolean)
    refuse("it rounds to whole numbers", "export the network without it");
  x.is_ids = !is_real;
  translator.set(node, 0, std::move(x));
}

// As the other array's numbers are: see Cast.
void translate_cast_like(Translator& translator, const Node& node) {
  const View* const like = translator.view(node.input(1));
  const Constant* const known = translator.constant(node, 1);
  const bool is_real = like != nullptr ? !like->is_ids : known != nullptr && !known->is_integer;
  if (!is_real) refuse("it rounds to whole numbers", "export the network without it");
  if (translator.constant(node, 0) == nullptr) return translate_identity(translator, node);
  Constant numbers = *translator.constant(node, 0);
  numbers.is_integer = false;
  translator.set(node, 0, std::move(numbers));
}

void translate_shape(Translator& translator, const Node& node) {
  const Sizes sizes = sizes_asked(node, entries_of(translator, translator.require_view(node, 0)));
  translator.set(node, 0,
                 Constant(Sizes{static_cast<std::int64_t>(sizes.size())}, true,
                          std::vector<double>(sizes.begin(), sizes.end())));
}

void translate_size(Translator& translator, const Node& node) {
  const std::int64_t elements = product(entries_of(translator, translator.require_view(node, 0)));
  translator.set(node, 0,
                 Constant(Sizes{}, true, std::vector<double>{static_cast<double>(elements)}));
}

// A shape that is asked for, as that of one sample, and where the batch is in it.
struct SampleShape {
  Sizes sizes;
  View where{};
};

constexpr const char* batch_of_one = "export it with a batch of one";

// Cuts the samples of a fixed batch out of an axis in front of which as much stands as before.
SampleShape for_one_sample(Sizes sizes, const View& x, std::int64_t batch) {
  std::int64_t in_front = x.outer;
  for (int axis = 0; axis < x.batch; ++axis) in_front *= x.sizes[static_cast<std::size_t>(axis)];
  std::int64_t before = 1;
  for (std::size_t axis = 0; axis < sizes.size() && in_front % before == 0; ++axis) {
    const std::int64_t outer = in_front / before;
    if (sizes[axis] % checked_product(outer, batch, "an array's size") == 0) {
      sizes[axis] /= batch;
      SampleShape result{std::move(sizes), {}};
      result.where.batch = static_cast<int>(axis);
      result.where.outer = outer;
      return result;
    }
    before = checked_product(before, sizes[axis], "an array's size");
  }
  refuse("the batch is cut into parts, or joined with others", batch_of_one);
}

// The same where it is not known where the batch is, if there is one.
Sizes for_any_sample(const Sizes& asked, const View& x, std::int64_t batch, bool allows_zero) {
  const bool is_open = std::ranges::find(asked, -1) != asked.end();
  if (!is_open && std::ranges::find(asked, 0) == asked.end() && product(asked) == x.elements())
    return asked;
  Sizes all = x.sizes;
  all.push_back(batch);
  Sizes sizes = reshape_sizes(all, asked, allows_zero);
  std::vector<std::size_t> places;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] % batch == 0 && (!is_open || asked[axis] == -1)) places.push_back(axis);
  }
  if (places.size() != 1) refuse("the batch cannot be told from other axes", batch_of_one);
  sizes[places.front()] /= batch;
  return sizes;
}

void set_reshaped(Translator& translator, const Node& node, const View& x, const Sizes& asked,
                  bool allows_zero) {
  const std::int64_t batch = translator.batch();
  SampleShape sample;
  if (batch == 1) {
    sample.sizes = reshape_sizes(x.sizes, asked, allows_zero);
  } else if (x.batch < 0) {
    sample.sizes = for_any_sample(asked, x, batch, allows_zero);
  } else {
    sample = for_one_sample(reshape_sizes(entries_of(translator, x), asked, allows_zero), x, batch);
  }
  View result = reshaped(translator.network(), x, sample.sizes, translator.name_of(node));
  if (batch > 1) result.take_batch(sample.where);
  translator.set(node, 0, std::move(result));
}

void translate_reshape(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Sizes asked = node.inputs.size() > 1
                          ? translator.require_constant(node, 1, "the shape").integers()
                          : node.integers("shape");
  set_reshaped(translator, node, x, asked, node.integer("allowzero", 0) == 0);
}

void translate_flatten(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const auto rank = static_cast<std::int64_t>(x.rank());
  std::int64_t axis = node.integer("axis", 1);
  if (axis < 0) axis += rank;
  const Sizes sizes = entries_of(translator, x);
  const auto middle = sizes.begin() + std::clamp<std::int64_t>(axis, 0, rank);
  set_reshaped(translator, node, x,
               {product({sizes.begin(), middle}), product({middle, sizes.end()})}, false);
}

void translate_squeeze(Translator& translator, const Node& node) {
  View x = translator.require_view(node, 0);
  const Sizes axes = axes_of(node, translator.optional_constant(node, 1, "the axes"));
  std::vector<bool> goes(x.rank(), false);
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    goes[axis] = axes.empty() && entries_of(translator, x, axis) == 1;
  for (const std::int64_t axis : axes) goes[axis_within(axis, x.rank())] = true;
  for (std::size_t axis = x.rank(); axis-- > 0;) {
    if (!goes[axis]) continue;
    if (x.sizes[axis] != 1)
      refuse(fmt::format("an axis of {} is taken away", x.sizes[axis]), "is the file complete?");
    if (x.holds_batch(axis)) x.batch = View::nowhere;
    if (x.batch > static_cast<int>(axis)) --x.batch;
    x.sizes.erase(x.sizes.begin() + static_cast<std::ptrdiff_t>(axis));
    x.strides.erase(x.strides.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  translator.set(node, 0, std::move(x));
}

void translate_unsqueeze(Translator& translator, const Node& node) {
  View x = translator.require_view(node, 0);
  const Sizes axes = axes_of(node, translator.optional_constant(node, 1, "the axes"));
  std::vector<std::size_t> places;
  for (const std::int64_t axis : axes) places.push_back(axis_within(axis, x.rank() + axes.size()));
  std::ranges::sort(places);
  for (const std::size_t place : places) {
    const std::size_t at = std::min(place, x.rank());
    x.sizes.insert(x.sizes.begin() + static_cast<std::ptrdiff_t>(at), 1);
    x.strides.insert(x.strides.begin() + static_cast<std::ptrdiff_t>(at), 0);
    if (x.batch >= static_cast<int>(at)) ++x.batch;
  }
  translator.set(node, 0, std::move(x));
}

void translate_transpose(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  translator.set(node, 0, permuted(x, order_of(node, x.rank())));
}

void translate_slice(Translator& translator, const Node& node) {
  View x = translator.require_view(node, 0);
  std::vector<const Constant*> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    inputs.push_back(i == 0 || node.inputs[i] == absent
                         ? nullptr
                         : &translator.require_constant(node, i, "the places"));
  }
  const std::vector<Range> ranges =
      slice_of(translator.graph(), node, entries_of(translator, x), inputs);
  for (std::size_t axis = 0; axis < ranges.size(); ++axis)
    x = sliced(translator, node, x, axis, ranges[axis]);
  translator.set(node, 0, std::move(x));
}

void translate_split(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const std::size_t axis = axis_within(node.integer("axis", 0), x.rank());
  std::int64_t begin = 0;
  const Sizes sizes = split_sizes(node, entries_of(translator, x, axis),
                                  translator.optional_constant(node, 1, "the sizes"));
  for (std::size_t part = 0; part < sizes.size(); ++part) {
    if (node.outputs[part] != absent) {
      translator.set(node, part, sliced(translator, node, x, axis, {begin, 1, sizes[part]}));
    }
    begin += sizes[part];
  }
}

// Rows of a table by the network's input.
void translate_embedding(Translator& translator, const Node& node, const View& ids) {
  const Constant& table = translator.require_constant(node, 0, "the table");
  if (!ids.is_ids || table.sizes.size() != 2 || node.integer("axis", 0) != 0) {
    refuse("it chooses entries by what the network computes",
           "embeddings choose rows by ids of the input");
  }
  const std::int64_t features = table.sizes[1];
  const std::int64_t tokens = ids.elements();
  Step step;
  step.kind = Step::Kind::head;
  step.component = "embedding";
  step.name = translator.name_of(node);
  step.settings = {{"entries", std::to_string(table.sizes[0])},
                   {"features", std::to_string(features)}};
  AxisList order(ids.rank());
  std::iota(order.begin(), order.end(), 0);
  step.inputs = {translator.arranged(ids, order, Shape{tokens}, node)};
  step.output = shape_of({features, tokens});
  translator.bind(step, node, {{"weight", table}});
  View result = in_order(translator.add(std::move(step)), ids.sizes, ids);
  result.sizes.push_back(features);
  result.strides.push_back(features == 1 ? 0 : tokens);
  translator.set(node, 0, std::move(result));
}

void translate_gather(Translator& translator, const Node& node) {
  if (const View* const ids = translator.view(node.input(1))) {
    return translate_embedding(translator, node, *ids);
  }
  const View& x = translator.require_view(node, 0);
  const Constant& indices = translator.require_constant(node, 1, "the indices");
  const std::size_t axis = axis_within(node.integer("axis", 0), x.rank());
  Sizes entries = indices.integers();
  const std::int64_t size = entries_of(translator, x, axis);
  for (std::int64_t& entry : entries) entry = entry < 0 ? entry + size : entry;
  const bool is_one = indices.sizes.empty();
  if (entries.empty() || indices.sizes.size() > 1)
    refuse("indices that are no list", "export it as slices");
  if (std::ranges::any_of(
          entries, [&](std::int64_t entry) { return entry < 0 || entry >= x.sizes[axis]; })) {
    refuse("an index beyond the axis", "is the file complete?");
  }
  const Range range{entries[0], entries.size() > 1 ? entries[1] - entries[0] : 1,
                    static_cast<std::int64_t>(entries.size())};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (range.step == 0 || entries[i] != range.from + static_cast<std::int64_t>(i) * range.step) {
      refuse("entries that are not evenly spaced", "export it as slices");
    }
  }
  if (x.holds_batch(axis) && entries.size() == 1 && translator.batch() == 1) {
    View one = x;  // the only sample there is
    one.batch = View::nowhere;
    if (is_one) {
      one.sizes.erase(one.sizes.begin() + static_cast<std::ptrdiff_t>(axis));
      one.strides.erase(one.strides.begin() + static_cast<std::ptrdiff_t>(axis));
    }
    return translator.set(node, 0, std::move(one));
  }
  View result = sliced(translator, node, x, axis, range);
  if (is_one) {
    if (result.batch > static_cast<int>(axis)) --result.batch;
    result.sizes.erase(result.sizes.begin() + static_cast<std::ptrdiff_t>(axis));
    result.strides.erase(result.strides.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  translator.set(node, 0, std::move(result));
}

// How arrays lie that are joined along an axis of `like`: [outer..., axis, inner...].
struct JoinedLayout {
  AxisList order;  // of like's axes
  Sizes outer;
  Sizes inner;

  [[nodiscard]] Shape shape_with(std::int64_t size) const {
    Sizes sizes = outer;
    sizes.push_back(size);
    sizes.insert(sizes.end(), inner.begin(), inner.end());
    return shape_of(sizes);
  }
};

// Other axes lie as those of the first array; the joined one where it has it.
JoinedLayout joined_layout(const View& like, std::size_t axis) {
  JoinedLayout layout;
  AxisList& order = layout.order;
  order.resize(like.rank());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return like.strides[a] > like.strides[b]; });
  if (like.sizes[axis] == 1) {  // which may lie anywhere: where the file has it
    order.erase(std::ranges::find(order, axis));
    const auto behind = std::ranges::find_if(
        order, [&](std::size_t other) { return other > axis && like.sizes[other] != 1; });
    const bool in_front = axis == 1 && behind != order.begin();
    order.insert(in_front ? order.begin() : behind, axis);
  }
  bool is_behind = false;
  for (const std::size_t other : order) {
    is_behind = is_behind || other == axis;
    if (other == axis || like.sizes[other] == 1) continue;
    (is_behind ? layout.inner : layout.outer).push_back(like.sizes[other]);
  }
  if (layout.outer.size() + layout.inner.size() + 1 >
      static_cast<std::size_t>(Shape::largest_rank)) {
    for (Sizes* const sizes : {&layout.outer, &layout.inner}) {
      const std::int64_t all = product(*sizes);
      *sizes = all == 1 ? Sizes{} : Sizes{all};
    }
  }
  return layout;
}

void require_joinable(const Sizes& sizes, const View& like, std::size_t axis) {
  bool fits = sizes.size() == like.rank();
  for (std::size_t other = 0; fits && other < sizes.size(); ++other) {
    fits = other == axis || sizes[other] == like.sizes[other];
  }
  if (fits) return;
  refuse(
      fmt::format("[{}] is joined with [{}]", fmt::join(sizes, ", "), fmt::join(like.sizes, ", ")),
      "is the file complete?");
}

// Known numbers as a step that is joined.
StepId known_part(Translator& translator, const Node& node, const Constant& numbers,
                  std::size_t axis, const JoinedLayout& layout) {
  const Shape shape = layout.shape_with(numbers.sizes[axis]);
  if (translator.is_trained(numbers)) {
    return translator.arranged(translator.parameter(numbers, node), layout.order, shape, node);
  }
  const std::vector<int> axes(layout.order.begin(), layout.order.end());
  return translator.fixed(
      numbers.permuted(axes).reshaped({shape.sizes().begin(), shape.sizes().end()}), node);
}

void translate_concat(Translator& translator, const Node& node) {
  if (node.inputs.size() == 1) return translate_identity(translator, node);
  const View* first = nullptr;
  for (const ValueId input : node.inputs) {
    if (first == nullptr) first = translator.view(input);
  }
  if (first == nullptr)
    refuse("nothing of it depends on the network's input", "is the file complete?");
  const View like = *first;
  const std::size_t axis = axis_within(node.integer("axis", 1), like.rank());
  if (like.holds_batch(axis)) refuse("it joins samples", "export the network for each sample");
  const JoinedLayout layout = joined_layout(like, axis);
  const AxisList& order = layout.order;
  Step step;
  step.kind = Step::Kind::merge;
  step.component = "concat";
  step.name = translator.name_of(node);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    std::int64_t size = 0;
    if (translator.constant(node, i) != nullptr) {
      Constant given = *translator.constant(node, i);
      given = translator.for_sample(given, like);
      require_joinable(given.sizes, like, axis);
      size = given.sizes[axis];
      step.inputs.push_back(known_part(translator, node, given, axis, layout));
    } else {
      const View& part = translator.require_view(node, i);
      require_same_batch(part, like);
      require_joinable(part.sizes, like, axis);
      size = part.sizes[axis];
      step.inputs.push_back(translator.arranged(part, order, layout.shape_with(size), node));
    }
    sum = checked_sum(sum, size, "an array's size");
  }
  step.output = layout.shape_with(sum);
  if (!layout.outer.empty()) {
    step.settings.push_back({"axis", axis_word(layout.outer.size(), step.output.rank())});
  }
  View result = like;
  for (const ValueId input : node.inputs) {
    const View* const part = translator.view(input);
    if (part != nullptr && part->batch >= 0) result.take_batch(*part);
  }
  result.step = translator.add(std::move(step));
  result.sizes[axis] = sum;
  std::int64_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::int64_t size = result.sizes[order[i]];
    result.strides[order[i]] = size == 1 ? 0 : stride;
    stride *= size;
  }
  translator.set(node, 0, std::move(result));
}

void translate_expand(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  Sizes asked = translator.require_constant(node, 1, "the shape").integers();
  for (std::size_t axis = 0; asked.size() == x.rank() && axis < asked.size(); ++axis) {
    if (asked[axis] == entries_of(translator, x, axis)) asked[axis] = x.sizes[axis];
  }
  translator.set(node, 0, expanded(translator, node, x, broadcast_sizes(x.sizes, asked)));
}

void translate_tile(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Sizes repeats = translator.require_constant(node, 1, "the repeats").integers();
  Sizes sizes = x.sizes;
  for (std::size_t axis = 0; axis < std::min(sizes.size(), repeats.size()); ++axis) {
    if (repeats[axis] == 1) continue;
    if (sizes[axis] != 1)
      refuse("an axis of several entries is repeated", "only axes of size 1 can be repeated");
    sizes[axis] = repeats[axis];
  }
  translator.set(node, 0, expanded(translator, node, x, sizes));
}

}  // namespace

std::vector<Operator> layout_operators() {
  return {
      {"Identity", "nothing", translate_identity, true},
      {"Dropout", "nothing", translate_identity, true},
      {"Cast", "nothing", translate_cast, true},
      {"CastLike", "nothing", translate_cast_like, true},
      {"Shape", "known numbers", translate_shape, true},
      {"Size", "known numbers", translate_size, true},
      {"Reshape", "reshape, where needed", translate_reshape, true},
      {"Flatten", "flatten, where needed", translate_flatten, true},
      {"Squeeze", "nothing", translate_squeeze, true},
      {"Unsqueeze", "nothing", translate_unsqueeze, true},
      {"Transpose", "permute, where needed", translate_transpose, true},
      {"Slice", "slice", translate_slice, true},
      {"Split", "slice", translate_split, true},
      {"Gather", "slice, or embedding by ids of the input", translate_gather, true},
      {"Concat", "concat", translate_concat, true},
      {"Expand", "upsample", translate_expand, true},
      {"Tile", "upsample, of axes of size 1", translate_tile, true},
  };
}

}  // namespace smoothbound::models::onnx
