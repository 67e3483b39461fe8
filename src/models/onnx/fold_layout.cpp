// Operators that move, choose and join numbers of known arrays.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "fold.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound::models::onnx {
namespace {

Result fold_shape(const Call& call) {
  const Sizes sizes = sizes_asked(call.node, call.at(0).sizes);
  return {Constant(Sizes{static_cast<std::int64_t>(sizes.size())}, true,
                   std::vector<double>(sizes.begin(), sizes.end()))};
}

Result fold_size(const Call& call) {
  return {Constant(Sizes{}, true, std::vector<double>{static_cast<double>(call.at(0).elements())})};
}

// Entries of an axis, by number.
Constant taken(const Call& call, const Constant& from, std::size_t axis, const Sizes& entries,
               const Sizes& entry_sizes) {
  Sizes sizes(from.sizes.begin(), from.sizes.begin() + static_cast<std::ptrdiff_t>(axis));
  sizes.insert(sizes.end(), entry_sizes.begin(), entry_sizes.end());
  sizes.insert(sizes.end(), from.sizes.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
               from.sizes.end());
  call.folder.require_room(sizes);
  Constant result(sizes, from, [from, axis, entries] {
    const std::vector<double>& values = from.values();
    std::int64_t outer = 1;
    std::int64_t inner = 1;
    for (std::size_t i = 0; i < from.sizes.size(); ++i) {
      if (i < axis) outer *= from.sizes[i];
      if (i > axis) inner *= from.sizes[i];
    }
    std::vector<double> result_values;
    result_values.reserve(static_cast<std::size_t>(outer * inner) * entries.size());
    for (std::int64_t o = 0; o < outer; ++o) {
      for (const std::int64_t entry : entries) {
        const auto begin =
            values.begin() + static_cast<std::ptrdiff_t>((o * from.sizes[axis] + entry) * inner);
        result_values.insert(result_values.end(), begin,
                             begin + static_cast<std::ptrdiff_t>(inner));
      }
    }
    return result_values;
  });
  result.add_to_view(fmt::format("a{}[{}]", axis, fmt::join(entries, ",")));
  return result;
}

Result fold_gather(const Call& call) {
  const Constant& from = call.at(0);
  const std::size_t axis = axis_within(call.node.integer("axis", 0), from.sizes.size());
  Sizes entries = call.at(1).integers();
  const std::int64_t size = from.sizes[axis];
  for (std::int64_t& entry : entries) {
    if (entry < -size || entry >= size) {
      refuse(fmt::format("entry {} is asked for of an axis of {}", entry, size),
             "is the file complete?");
    }
    if (entry < 0) entry += size;
  }
  return {taken(call, from, axis, entries, call.at(1).sizes)};
}

Sizes listed(const Call& call, const Range& range) {
  call.folder.require_room({range.count});
  Sizes entries;
  entries.reserve(static_cast<std::size_t>(range.count));
  for (std::int64_t i = 0; i < range.count; ++i) entries.push_back(range.from + i * range.step);
  return entries;
}

Result fold_slice(const Call& call) {
  Constant result = call.at(0);
  const std::vector<Range> ranges = slice_of(call.graph, call.node, result.sizes, call.inputs);
  for (std::size_t axis = 0; axis < ranges.size(); ++axis) {
    const Range& range = ranges[axis];
    if (range.from == 0 && range.step == 1 && range.count == result.sizes[axis]) continue;
    result = taken(call, result, axis, listed(call, range), {range.count});
  }
  return {result};
}

Result fold_split(const Call& call) {
  const Constant& from = call.at(0);
  const std::size_t axis = axis_within(call.node.integer("axis", 0), from.sizes.size());
  Result parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : split_sizes(call.node, from.sizes[axis], call.find(1))) {
    parts.push_back(taken(call, from, axis, listed(call, {begin, 1, size}), {size}));
    begin += size;
  }
  return parts;
}

Result fold_concat(const Call& call) {
  const std::vector<Constant> parts = [&] {
    std::vector<Constant> all;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) all.push_back(call.at(i));
    return all;
  }();
  if (parts.size() == 1) return {parts.front()};
  Sizes sizes = parts.front().sizes;
  const std::size_t axis = axis_within(call.node.integer("axis", 0), sizes.size());
  Constant like = parts.front();
  like.is_integer = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].sizes.size() != sizes.size()) {
      refuse("arrays with different numbers of axes are joined", "is the file complete?");
    }
    like.is_integer = like.is_integer && parts[i].is_integer;
    like.may_be_trained = like.may_be_trained || parts[i].may_be_trained;
    like.depth = std::max(like.depth, parts[i].depth);
    for (std::size_t other = 0; other < sizes.size(); ++other) {
      if (other == axis || parts[i].sizes[other] == sizes[other]) continue;
      refuse(fmt::format("[{}] is joined with [{}]", fmt::join(parts[i].sizes, ", "),
                         fmt::join(sizes, ", ")),
             "is the file complete?");
    }
    if (i > 0) {
      sizes[axis] = checked_sum(sizes[axis], parts[i].sizes[axis], "an array's size");
      like.add_to_view("+" + trace_of(parts[i]));
    }
  }
  call.folder.require_room(sizes);
  return {Constant(sizes, like, [parts, axis] {
    std::int64_t outer = 1;
    for (std::size_t i = 0; i < axis; ++i) outer *= parts.front().sizes[i];
    std::vector<double> values;
    for (std::int64_t o = 0; o < outer; ++o) {
      for (const Constant& part : parts) {
        const auto inner = static_cast<std::ptrdiff_t>(outer == 0 ? 0 : part.elements() / outer);
        const auto begin = part.values().begin() + o * inner;
        values.insert(values.end(), begin, begin + inner);
      }
    }
    return values;
  })};
}

Result fold_reshape(const Call& call) {
  const Constant& from = call.at(0);
  const Sizes asked = call.inputs.size() > 1 ? call.at(1).integers() : call.node.integers("shape");
  return {from.reshaped(reshape_sizes(from.sizes, asked, call.node.integer("allowzero", 0) == 0))};
}

Result fold_flatten(const Call& call) {
  const Constant& from = call.at(0);
  const auto rank = static_cast<std::int64_t>(from.sizes.size());
  std::int64_t axis = call.node.integer("axis", 1);
  if (axis < 0) axis += rank;
  const auto middle =
      from.sizes.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::int64_t>(axis, 0, rank));
  return {
      from.reshaped({product({from.sizes.begin(), middle}), product({middle, from.sizes.end()})})};
}

Result fold_squeeze(const Call& call) {
  const Constant& from = call.at(0);
  Sizes axes = axes_of(call.node, call.find(1));
  Sizes sizes;
  for (std::size_t axis = 0; axis < from.sizes.size(); ++axis) {
    const bool is_named = std::ranges::any_of(
        axes, [&](std::int64_t named) { return axis_within(named, from.sizes.size()) == axis; });
    if (from.sizes[axis] == 1 && (axes.empty() || is_named)) continue;
    sizes.push_back(from.sizes[axis]);
  }
  return {from.reshaped(sizes)};
}

Result fold_unsqueeze(const Call& call) {
  const Constant& from = call.at(0);
  const Sizes axes = axes_of(call.node, call.find(1));
  const std::size_t rank = from.sizes.size() + axes.size();
  std::vector<bool> is_new(rank, false);
  for (const std::int64_t axis : axes) is_new[axis_within(axis, rank)] = true;
  Sizes sizes;
  std::size_t next = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    sizes.push_back(is_new[axis] || next == from.sizes.size() ? 1 : from.sizes[next++]);
  }
  return {from.reshaped(sizes)};
}

Result fold_transpose(const Call& call) {
  const Constant& from = call.at(0);
  const std::vector<std::size_t> order = order_of(call.node, from.sizes.size());
  call.folder.require_room(from.sizes);
  return {from.permuted({order.begin(), order.end()})};
}

Constant expanded(const Call& call, const Constant& from, const Sizes& sizes) {
  call.folder.require_room(sizes);
  Constant result(sizes, from, [from, sizes] {
    const std::vector<double>& values = from.values();
    std::vector<double> all;
    all.reserve(static_cast<std::size_t>(product(sizes)));
    for_each_place(sizes, {broadcast_strides(from.sizes, sizes)},
                   [&](const std::vector<std::int64_t>& at) {
                     all.push_back(values[static_cast<std::size_t>(at[0])]);
                   });
    return all;
  });
  result.add_to_view(fmt::format("x{}", fmt::join(sizes, ",")));
  result.repeated = std::make_shared<Constant>(from);
  return result;
}

Result fold_expand(const Call& call) {
  const Constant& from = call.at(0);
  const Sizes sizes = broadcast_sizes(from.sizes, call.at(1).integers());
  if (sizes == from.sizes) return {from};
  return {product(sizes) == from.elements() ? from.reshaped(sizes) : expanded(call, from, sizes)};
}

Result fold_tile(const Call& call) {
  Constant result = call.at(0);
  const Sizes repeats = call.at(1).integers();
  for (std::size_t axis = 0; axis < std::min(repeats.size(), result.sizes.size()); ++axis) {
    if (repeats[axis] == 1) continue;
    const std::int64_t size = result.sizes[axis];
    const std::int64_t count =
        checked_product(size, std::max<std::int64_t>(repeats[axis], 0), "an array's size");
    call.folder.require_room({count});
    Sizes entries;
    for (std::int64_t i = 0; i < count; ++i) entries.push_back(i % size);
    result = taken(call, result, axis, entries, {count});
  }
  return {result};
}

Result fold_constant_of_shape(const Call& call) {
  const Sizes sizes = call.at(0).integers();
  double value = 0;
  bool is_integer = false;
  if (const Attribute* const given = call.node.find("value"); given != nullptr && given->tensor) {
    const std::vector<double> values = given->tensor->values();
    if (!values.empty()) value = values.front();
    is_integer = !given->tensor->is_real();
  }
  call.folder.require_room(sizes);
  const std::int64_t count = product(sizes);
  Constant like;
  like.is_integer = is_integer;
  return {Constant(sizes, like, [count, value] {
    return std::vector<double>(static_cast<std::size_t>(count), value);
  })};
}

Result fold_range(const Call& call) {
  const double start = call.at(0).first();
  const double limit = call.at(1).first();
  const double delta = call.at(2).first();
  const double count = delta == 0 ? 0 : std::max(0.0, std::ceil((limit - start) / delta));
  if (!(count < 0x1p40)) refuse("a range has too many numbers", "is the file complete?");
  const Sizes sizes{static_cast<std::int64_t>(count)};
  call.folder.require_room(sizes);
  std::vector<double> values;
  for (std::int64_t i = 0; i < sizes[0]; ++i)
    values.push_back(start + static_cast<double>(i) * delta);
  return {Constant(sizes, call.at(0).is_integer, std::move(values))};
}

// Told from all that other nodes make of the same array.
Constant of_this_node(const Call& call, Constant result) {
  result.view += fmt::format("#{}", fmt::join(call.node.outputs, ","));
  return result;
}

Result fold_where(const Call& call) {
  const Constant condition = call.at(0);
  const Constant yes = call.at(1);
  const Constant no = call.at(2);
  const Sizes sizes = broadcast_sizes(broadcast_sizes(condition.sizes, yes.sizes), no.sizes);
  call.folder.require_room(sizes);
  return {of_this_node(
      call,
      Constant(sizes, resembling(yes.may_be_trained ? yes : no, {&condition, &yes, &no}),
               [condition, yes, no, sizes] {
                 std::vector<double> values;
                 for_each_place(
                     sizes,
                     {broadcast_strides(condition.sizes, sizes),
                      broadcast_strides(yes.sizes, sizes), broadcast_strides(no.sizes, sizes)},
                     [&](const std::vector<std::int64_t>& at) {
                       const bool holds = condition.values()[static_cast<std::size_t>(at[0])] != 0;
                       values.push_back(holds ? yes.values()[static_cast<std::size_t>(at[1])]
                                              : no.values()[static_cast<std::size_t>(at[2])]);
                     });
                 return values;
               }))};
}

Result fold_triangle(const Call& call) {
  const Constant from = call.at(0);
  if (from.sizes.size() < 2) refuse("a triangle of what is no matrix", "is the file complete?");
  const std::int64_t diagonal = call.find(1) != nullptr ? call.at(1).first_integer() : 0;
  const bool upper = call.node.integer("upper", 1) != 0;
  call.folder.require_room(from.sizes);
  return {of_this_node(call, Constant(from.sizes, from, [from, diagonal, upper] {
                         std::vector<double> values = from.values();
                         const std::int64_t columns = from.sizes.back();
                         const std::int64_t rows = from.sizes[from.sizes.size() - 2];
                         for (std::size_t i = 0; i < values.size(); ++i) {
                           const std::int64_t row = static_cast<std::int64_t>(i) / columns % rows;
                           const std::int64_t column = static_cast<std::int64_t>(i) % columns;
                           const bool stays =
                               upper ? column - row >= diagonal : column - row <= diagonal;
                           if (!stays) values[i] = 0;
                         }
                         return values;
                       }))};
}

// Some entries replaced, as indexed assignments are exported.
Result fold_scatter(const Call& call) {
  const Constant from = call.at(0);
  const Constant indices = call.at(1);
  const Constant updates = call.at(2);
  if (indices.sizes.empty() || indices.sizes.back() < 0 ||
      static_cast<std::size_t>(indices.sizes.back()) > from.sizes.size() ||
      call.node.text("reduction", "none") != "none") {
    refuse("indices that do not fit", "compute it before the export");
  }
  const auto depth = static_cast<std::size_t>(indices.sizes.back());
  std::int64_t inner = 1;
  for (std::size_t axis = depth; axis < from.sizes.size(); ++axis) inner *= from.sizes[axis];
  const Sizes places = indices.integers();
  const std::int64_t count = depth == 0 ? 1 : static_cast<std::int64_t>(places.size() / depth);
  if (updates.elements() != checked_product(count, inner, "an array's size")) {
    refuse("updates that do not fit", "compute it before the export");
  }
  call.folder.require_room(from.sizes);
  const Sizes strides = strides_of(from.sizes);
  std::vector<double> values = from.values();
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t begin = 0;
    for (std::size_t axis = 0; axis < depth; ++axis) {
      std::int64_t place = places[static_cast<std::size_t>(i) * depth + axis];
      if (place < 0) place += from.sizes[axis];
      if (place < 0 || place >= from.sizes[axis])
        refuse("an index beyond its axis", "is the file complete?");
      begin += place * strides[axis];
    }
    const auto first = updates.values().begin() + i * inner;
    std::copy(first, first + inner, values.begin() + begin);
  }
  return {of_this_node(call, Constant(from.sizes, from, [values] { return values; }))};
}

}  // namespace

std::map<std::string_view, Fold> layout_folds() {
  return {
      {"ScatterND", fold_scatter},   {"Shape", fold_shape},
      {"Size", fold_size},           {"Gather", fold_gather},
      {"Slice", fold_slice},         {"Split", fold_split},
      {"Concat", fold_concat},       {"Reshape", fold_reshape},
      {"Flatten", fold_flatten},     {"Squeeze", fold_squeeze},
      {"Unsqueeze", fold_unsqueeze}, {"Transpose", fold_transpose},
      {"Expand", fold_expand},       {"Tile", fold_tile},
      {"Range", fold_range},         {"ConstantOfShape", fold_constant_of_shape},
      {"Where", fold_where},         {"Trilu", fold_triangle},
  };
}

}  // namespace smoothbound::models::onnx
