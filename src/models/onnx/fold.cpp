// Operators on arrays that are known.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "constant.hpp"
#include "smoothbound/text/shape.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::models::onnx {
namespace {

using Inputs = std::vector<const Constant*>;
using Result = std::vector<Constant>;

// What an evaluation is given.
struct Call {
  const Graph& graph;
  const Node& node;
  const Inputs& inputs;
  Folder& folder;

  [[nodiscard]] const Constant* find(std::size_t index) const {
    return index < inputs.size() ? inputs[index] : nullptr;
  }
  [[nodiscard]] const Constant& at(std::size_t index) const {
    if (const Constant* const given = find(index)) return *given;
    refuse(fmt::format("input {} is missing", index + 1), "is the file complete?");
  }
};

std::vector<double> numbers_of(const Constant& constant) { return constant.values(); }

// Goes through an array of `sizes`, with the place in arrays of these strides.
template <class Use>
void for_each_place(const Sizes& sizes, const std::vector<Sizes>& strides, const Use& use) {
  std::vector<std::int64_t> at(strides.size(), 0);
  Sizes place(sizes.size(), 0);
  const std::int64_t count = product(sizes);
  for (std::int64_t i = 0; i < count; ++i) {
    use(at);
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      ++place[axis];
      for (std::size_t k = 0; k < at.size(); ++k) at[k] += strides[k][axis];
      if (place[axis] < sizes[axis]) break;
      for (std::size_t k = 0; k < at.size(); ++k) at[k] -= strides[k][axis] * sizes[axis];
      place[axis] = 0;
    }
  }
}

// Of an array as it is seen with more axes in front, and its axes of size 1 repeated.
Sizes broadcast_strides(const Sizes& from, const Sizes& to) {
  const Sizes own = strides_of(from);
  Sizes strides(to.size(), 0);
  const std::size_t added = to.size() - from.size();
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    if (from[axis] != 1) strides[axis + added] = own[axis];
  }
  return strides;
}

using Function2 = double (*)(double, double);
using Function1 = double (*)(double);

Constant combined(const Call& call, const Constant& a, const Constant& b, Function2 function,
                  bool is_integer) {
  const Sizes sizes = broadcast_sizes(a.sizes, b.sizes);
  call.folder.require_room(sizes);
  const bool like_b = a.is_scalar() || !a.may_be_trained;
  Constant result(sizes, like_b ? b : a, [a, b, sizes, function, is_integer] {
    const std::vector<double>& first = a.values();
    const std::vector<double>& second = b.values();
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(product(sizes)));
    for_each_place(sizes, {broadcast_strides(a.sizes, sizes), broadcast_strides(b.sizes, sizes)},
                   [&](const std::vector<std::int64_t>& at) {
                     const double value = function(first[static_cast<std::size_t>(at[0])],
                                                   second[static_cast<std::size_t>(at[1])]);
                     values.push_back(is_integer ? std::trunc(value) : value);
                   });
    return values;
  });
  result.is_integer = is_integer;
  result.may_be_trained = a.may_be_trained || b.may_be_trained;
  result.view += fmt::format("{}({}{},{}{})", call.node.operation, a.origin, a.view, b.origin, b.view);
  return result;
}

const std::map<std::string_view, Function2>& binary_functions() {
  static const std::map<std::string_view, Function2> all{
      {"Add", [](double a, double b) { return a + b; }},
      {"Sub", [](double a, double b) { return a - b; }},
      {"Mul", [](double a, double b) { return a * b; }},
      {"Div", [](double a, double b) { return a / b; }},
      {"Pow", [](double a, double b) { return std::pow(a, b); }},
      {"Min", [](double a, double b) { return std::min(a, b); }},
      {"Max", [](double a, double b) { return std::max(a, b); }},
      {"Mod", [](double a, double b) { return a - b * std::floor(a / b); }},
  };
  return all;
}

const std::map<std::string_view, Function2>& comparisons() {
  static const std::map<std::string_view, Function2> all{
      {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
      {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
      {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
      {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
      {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
      {"And", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
      {"Or", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
      {"Xor", [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; }},
  };
  return all;
}

const std::map<std::string_view, Function1>& unary_functions() {
  static const std::map<std::string_view, Function1> all{
      {"Neg", [](double a) { return -a; }},
      {"Abs", [](double a) { return std::fabs(a); }},
      {"Floor", [](double a) { return std::floor(a); }},
      {"Ceil", [](double a) { return std::ceil(a); }},
      {"Round", [](double a) { return std::nearbyint(a); }},
      {"Sqrt", [](double a) { return std::sqrt(a); }},
      {"Exp", [](double a) { return std::exp(a); }},
      {"Log", [](double a) { return std::log(a); }},
      {"Reciprocal", [](double a) { return 1 / a; }},
      {"Sigmoid", [](double a) { return 1 / (1 + std::exp(-a)); }},
      {"Tanh", [](double a) { return std::tanh(a); }},
      {"Sin", [](double a) { return std::sin(a); }},
      {"Cos", [](double a) { return std::cos(a); }},
      {"Erf", [](double a) { return std::erf(a); }},
      {"Relu", [](double a) { return std::max(a, 0.0); }},
      {"Sign", [](double a) { return a > 0 ? 1.0 : a < 0 ? -1.0 : 0.0; }},
      {"Not", [](double a) { return a == 0 ? 1.0 : 0.0; }},
      {"IsNaN", [](double a) { return std::isnan(a) ? 1.0 : 0.0; }},
  };
  return all;
}

Result fold_binary(const Call& call) {
  Constant result = call.at(0);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    const bool is_integer = result.is_integer && call.at(i).is_integer;
    result = combined(call, result, call.at(i), binary_functions().at(call.node.operation),
                      is_integer);
  }
  return {result};
}

Result fold_comparison(const Call& call) {
  Constant result =
      combined(call, call.at(0), call.at(1), comparisons().at(call.node.operation), true);
  result.may_be_trained = false;
  return {result};
}

Result fold_unary(const Call& call) {
  const Constant from = call.at(0);
  call.folder.require_room(from.sizes);
  const Function1 function = unary_functions().at(call.node.operation);
  Constant result(from.sizes, from, [from, function] {
    std::vector<double> values = numbers_of(from);
    std::ranges::transform(values, values.begin(), function);
    return values;
  });
  result.view += call.node.operation;
  return {result};
}

Result fold_identity(const Call& call) { return {call.at(0)}; }

Result fold_cast(const Call& call) {
  const Constant from = call.at(0);
  const auto to = static_cast<DataType>(call.node.integer("to", 1));
  const bool is_real = to == DataType::float32 || to == DataType::float64 ||
                       to == DataType::float16 || to == DataType::bfloat16;
  if (is_real && !from.is_integer) return {from};
  call.folder.require_room(from.sizes);
  Constant result(from.sizes, from, [from, is_real, to] {
    std::vector<double> values = numbers_of(from);
    for (double& value : values) {
      if (to == DataType::boolean) value = value != 0 ? 1 : 0;
      if (!is_real) value = std::trunc(value);
    }
    return values;
  });
  result.is_integer = !is_real;
  result.may_be_trained = false;
  return {result};
}

Result fold_shape(const Call& call) {
  const Sizes& sizes = call.at(0).sizes;
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
        result_values.insert(result_values.end(), begin, begin + static_cast<std::ptrdiff_t>(inner));
      }
    }
    return result_values;
  });
  result.view += fmt::format("a{}[{}]", axis, fmt::join(entries, ","));
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

Sizes listed(const Range& range) {
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
    result = taken(call, result, axis, listed(range), {range.count});
  }
  return {result};
}

Result fold_split(const Call& call) {
  const Constant& from = call.at(0);
  const std::size_t axis = axis_within(call.node.integer("axis", 0), from.sizes.size());
  Result parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : split_sizes(call.node, from.sizes[axis], call.find(1))) {
    parts.push_back(taken(call, from, axis, listed({begin, 1, size}), {size}));
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
    if (i > 0) {
      sizes[axis] = checked_sum(sizes[axis], parts[i].sizes[axis], "an array's size");
      like.view += fmt::format("+{}{}", parts[i].origin, parts[i].view);
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
  return {from.reshaped(
      reshape_sizes(from.sizes, asked, call.node.integer("allowzero", 0) == 0))};
}

Result fold_flatten(const Call& call) {
  const Constant& from = call.at(0);
  const std::int64_t rank = static_cast<std::int64_t>(from.sizes.size());
  std::int64_t axis = call.node.integer("axis", 1);
  if (axis < 0) axis += rank;
  const auto middle = from.sizes.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::int64_t>(axis, 0, rank));
  return {from.reshaped({product({from.sizes.begin(), middle}), product({middle, from.sizes.end()})})};
}

Result fold_squeeze(const Call& call) {
  const Constant& from = call.at(0);
  Sizes axes = axes_of(call.node, call.find(1));
  Sizes sizes;
  for (std::size_t axis = 0; axis < from.sizes.size(); ++axis) {
    const bool is_named = std::ranges::any_of(axes, [&](std::int64_t named) {
      return axis_within(named, from.sizes.size()) == axis;
    });
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
  const Sizes given = call.node.integers("perm");
  const std::size_t rank = from.sizes.size();
  std::vector<int> order;
  for (std::size_t i = 0; i < rank; ++i) {
    order.push_back(static_cast<int>(given.size() == rank ? axis_within(given[i], rank)
                                                          : rank - 1 - i));
  }
  call.folder.require_room(from.sizes);
  return {from.permuted(order)};
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
  result.view += fmt::format("x{}", fmt::join(sizes, ","));
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
    const std::int64_t count = checked_product(size, std::max<std::int64_t>(repeats[axis], 0), "an array's size");
    call.folder.require_room({count});
    Sizes entries;
    for (std::int64_t i = 0; i < count; ++i) entries.push_back(i % size);
    result = taken(call, result, axis, entries, {count});
  }
  return {result};
}

Result fold_constant_of_shape(const Call& call) {
  const Sizes sizes = call.at(0).integers();
  if (std::ranges::any_of(sizes, [](std::int64_t size) { return size < 0; })) {
    refuse("an array has a size below 0", "is the file complete?");
  }
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
  const double start = call.at(0).values().at(0);
  const double limit = call.at(1).values().at(0);
  const double delta = call.at(2).values().at(0);
  const double count = delta == 0 ? 0 : std::max(0.0, std::ceil((limit - start) / delta));
  if (!(count < 0x1p40)) refuse("a range has too many numbers", "is the file complete?");
  const Sizes sizes{static_cast<std::int64_t>(count)};
  call.folder.require_room(sizes);
  std::vector<double> values;
  for (std::int64_t i = 0; i < sizes[0]; ++i) values.push_back(start + static_cast<double>(i) * delta);
  return {Constant(sizes, call.at(0).is_integer, std::move(values))};
}

Result fold_where(const Call& call) {
  const Constant condition = call.at(0);
  const Constant yes = call.at(1);
  const Constant no = call.at(2);
  const Sizes sizes = broadcast_sizes(broadcast_sizes(condition.sizes, yes.sizes), no.sizes);
  call.folder.require_room(sizes);
  return {Constant(sizes, yes.may_be_trained ? yes : no, [condition, yes, no, sizes] {
    std::vector<double> values;
    for_each_place(sizes,
                   {broadcast_strides(condition.sizes, sizes), broadcast_strides(yes.sizes, sizes),
                    broadcast_strides(no.sizes, sizes)},
                   [&](const std::vector<std::int64_t>& at) {
                     const bool holds = condition.values()[static_cast<std::size_t>(at[0])] != 0;
                     values.push_back(holds ? yes.values()[static_cast<std::size_t>(at[1])]
                                            : no.values()[static_cast<std::size_t>(at[2])]);
                   });
    return values;
  })};
}

// Sums, means, products and extremes over some axes.
Result fold_reduction(const Call& call) {
  const Constant from = call.at(0);
  const std::size_t rank = from.sizes.size();
  const Sizes named = axes_of(call.node, call.find(1));
  std::vector<bool> goes(rank, named.empty() && call.node.integer("noop_with_empty_axes", 0) == 0);
  for (const std::int64_t axis : named) goes[axis_within(axis, rank)] = true;
  const bool keeps = call.node.integer("keepdims", 1) != 0;
  const Sizes own = strides_of(from.sizes);
  Sizes sizes;
  Sizes kept;      // with 1 for those that go
  Sizes outer;     // strides into `from`
  Sizes inner_sizes;
  Sizes inner;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (goes[axis]) {
      inner_sizes.push_back(from.sizes[axis]);
      inner.push_back(own[axis]);
      if (keeps) sizes.push_back(1);
    } else {
      kept.push_back(from.sizes[axis]);
      outer.push_back(own[axis]);
      sizes.push_back(from.sizes[axis]);
    }
  }
  call.folder.require_room(from.sizes);
  const std::string_view kind = call.node.operation;
  const double count = static_cast<double>(product(inner_sizes));
  Constant result(sizes, from, [=] {
    const std::vector<double>& values = from.values();
    std::vector<double> all;
    for_each_place(kept, {outer}, [&](const std::vector<std::int64_t>& at) {
      double sum = kind == "ReduceProd" ? 1 : kind == "ReduceMax" ? -HUGE_VAL : kind == "ReduceMin" ? HUGE_VAL : 0;
      for_each_place(inner_sizes, {inner}, [&](const std::vector<std::int64_t>& in) {
        const double value = values[static_cast<std::size_t>(at[0] + in[0])];
        if (kind == "ReduceProd") sum *= value;
        else if (kind == "ReduceMax") sum = std::max(sum, value);
        else if (kind == "ReduceMin") sum = std::min(sum, value);
        else if (kind == "ReduceL2" || kind == "ReduceSumSquare") sum += value * value;
        else if (kind == "ReduceL1") sum += std::fabs(value);
        else sum += value;
      });
      if (kind == "ReduceMean") sum /= count;
      if (kind == "ReduceL2") sum = std::sqrt(sum);
      all.push_back(sum);
    });
    return all;
  });
  result.view += kind;
  return {result};
}

Result fold_matmul(const Call& call) {
  const Constant a = call.at(0);
  const Constant b = call.at(1);
  if (a.sizes.size() != 2 || b.sizes.size() != 2 || a.sizes[1] != b.sizes[0]) {
    refuse("a product of known arrays that are not two matrices", "compute it before the export");
  }
  const Sizes sizes{a.sizes[0], b.sizes[1]};
  call.folder.require_room({a.sizes[0], a.sizes[1], b.sizes[1]});
  return {Constant(sizes, a.may_be_trained ? a : b, [a, b, sizes] {
    const auto rows = static_cast<std::size_t>(sizes[0]);
    const auto columns = static_cast<std::size_t>(sizes[1]);
    const auto inner = static_cast<std::size_t>(a.sizes[1]);
    std::vector<double> values(rows * columns, 0);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < inner; ++k) {
        for (std::size_t j = 0; j < columns; ++j) {
          values[i * columns + j] += a.values()[i * inner + k] * b.values()[k * columns + j];
        }
      }
    }
    return values;
  })};
}

Result fold_triangle(const Call& call) {
  const Constant from = call.at(0);
  if (from.sizes.size() < 2) refuse("a triangle of what is no matrix", "is the file complete?");
  const std::int64_t diagonal = call.find(1) != nullptr ? call.at(1).integers().at(0) : 0;
  const bool upper = call.node.integer("upper", 1) != 0;
  call.folder.require_room(from.sizes);
  return {Constant(from.sizes, from, [from, diagonal, upper] {
    std::vector<double> values = from.values();
    const std::int64_t columns = from.sizes.back();
    const std::int64_t rows = from.sizes[from.sizes.size() - 2];
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int64_t row = static_cast<std::int64_t>(i) / columns % rows;
      const std::int64_t column = static_cast<std::int64_t>(i) % columns;
      const bool stays = upper ? column - row >= diagonal : column - row <= diagonal;
      if (!stays) values[i] = 0;
    }
    return values;
  })};
}

using Fold = Result (*)(const Call&);

const std::map<std::string_view, Fold>& folds() {
  static const std::map<std::string_view, Fold> all = [] {
    std::map<std::string_view, Fold> table{
        {"Identity", fold_identity},   {"Dropout", fold_identity},
        {"Cast", fold_cast},           {"Shape", fold_shape},
        {"Size", fold_size},           {"Gather", fold_gather},
        {"Slice", fold_slice},         {"Split", fold_split},
        {"Concat", fold_concat},       {"Reshape", fold_reshape},
        {"Flatten", fold_flatten},     {"Squeeze", fold_squeeze},
        {"Unsqueeze", fold_unsqueeze}, {"Transpose", fold_transpose},
        {"Expand", fold_expand},       {"Tile", fold_tile},
        {"Range", fold_range},         {"ConstantOfShape", fold_constant_of_shape},
        {"Where", fold_where},         {"MatMul", fold_matmul},
        {"Trilu", fold_triangle},
    };
    for (const auto& [name, function] : binary_functions()) table.emplace(name, fold_binary);
    for (const auto& [name, function] : comparisons()) table.emplace(name, fold_comparison);
    for (const auto& [name, function] : unary_functions()) table.emplace(name, fold_unary);
    for (const std::string_view name : {"ReduceMean", "ReduceSum", "ReduceProd", "ReduceMax",
                                        "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare"}) {
      table.emplace(name, fold_reduction);
    }
    return table;
  }();
  return all;
}

}  // namespace

bool Folder::knows(std::string_view operation) const { return folds().contains(operation); }

std::vector<Constant> Folder::fold(const Graph& graph, const Node& node,
                                   const std::vector<const Constant*>& inputs) {
  return folds().at(node.operation)({graph, node, inputs, *this});
}

void Folder::require_room(const Sizes& sizes) {
  const std::int64_t count = product(sizes);
  if (count > most_) {
    refuse(fmt::format("a known array [{}] of {} numbers is larger than the file lets expect",
                       fmt::join(sizes, ", "), count),
           "simplify the model before, for example with onnxsim");
  }
  work_ -= count;
  if (work_ < 0) {
    refuse("what is computed of known arrays takes too long",
           "simplify the model before, for example with onnxsim");
  }
}

Sizes broadcast_sizes(const Sizes& a, const Sizes& b) {
  Sizes sizes(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < sizes.size(); ++i) {  // from the end
    const std::int64_t in_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t in_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (in_a != in_b && in_a != 1 && in_b != 1) {
      refuse(fmt::format("arrays [{}] and [{}] do not fit each other", fmt::join(a, ", "),
                         fmt::join(b, ", ")),
             "is the file complete?");
    }
    sizes[sizes.size() - 1 - i] = in_a == 1 ? in_b : in_a;
  }
  return sizes;
}

std::size_t axis_within(std::int64_t axis, std::size_t rank) {
  const auto axes = static_cast<std::int64_t>(rank);
  if (axis < -axes || axis >= axes) {
    refuse(fmt::format("axis {} is named of {}", axis, rank), "is the file complete?");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + axes : axis);
}

Sizes reshape_sizes(const Sizes& from, const Sizes& asked, bool allows_zero) {
  Sizes sizes = asked;
  std::int64_t known = 1;
  std::size_t open = sizes.size();
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] == 0 && allows_zero && axis < from.size()) sizes[axis] = from[axis];
    if (sizes[axis] == -1 && open == sizes.size()) {
      open = axis;
    } else if (sizes[axis] < 0) {
      refuse(fmt::format("a shape [{}] is asked for", fmt::join(asked, ", ")), "is the file complete?");
    } else {
      known = checked_product(known, sizes[axis], "an array's size");
    }
  }
  const std::int64_t all = product(from);
  if (open < sizes.size() && known > 0) sizes[open] = all / known;
  if (product(sizes) != all) {
    refuse(fmt::format("[{}] cannot have the shape [{}]", fmt::join(from, ", "),
                       fmt::join(asked, ", ")),
           "export it with the shapes that it has when it runs");
  }
  return sizes;
}

Range slice_range(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
  if (step == 0) refuse("a slice has the step 0", "is the file complete?");
  const auto place = [&](std::int64_t at) { return at < 0 ? std::max(at, -size - 1) + size : std::min(at, size); };
  Range range{place(start), step, 0};
  std::int64_t stop = place(end);
  if (step > 0) {
    range.from = std::max<std::int64_t>(range.from, 0);
    stop = std::max<std::int64_t>(stop, 0);
    if (stop > range.from) range.count = (stop - range.from - 1) / step + 1;
  } else {
    range.from = std::min(range.from, size - 1);
    stop = end < -size ? -1 : std::max<std::int64_t>(stop, -1);
    if (stop < range.from) range.count = (range.from - stop - 1) / -std::max(step, -size - 1) + 1;
  }
  return range;
}

std::vector<Range> slice_of(const Graph& graph, const Node& node, const Sizes& sizes,
                            const std::vector<const Constant*>& inputs) {
  const bool as_inputs = graph.opset >= 10;
  const auto list = [&](std::size_t index, std::string_view attribute) {
    if (!as_inputs) return node.integers(attribute);
    const Constant* const given = index < inputs.size() ? inputs[index] : nullptr;
    return given == nullptr ? Sizes{} : given->integers();
  };
  const Sizes starts = list(1, "starts");
  const Sizes ends = list(2, "ends");
  const Sizes axes = list(3, "axes");
  const Sizes steps = as_inputs ? list(4, "") : Sizes{};
  if (starts.size() != ends.size() || (!axes.empty() && axes.size() != starts.size()) ||
      (!steps.empty() && steps.size() != starts.size()) || starts.size() > sizes.size()) {
    refuse("a slice has lists of different lengths", "is the file complete?");
  }
  std::vector<Range> ranges;
  for (const std::int64_t size : sizes) ranges.push_back({0, 1, size});
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axes.empty() ? i : axis_within(axes[i], sizes.size());
    ranges[axis] = slice_range(sizes[axis], starts[i], ends[i], steps.empty() ? 1 : steps[i]);
  }
  return ranges;
}

Sizes split_sizes(const Node& node, std::int64_t size, const Constant* given) {
  Sizes sizes = given != nullptr ? given->integers() : node.integers("split");
  const auto parts =
      static_cast<std::int64_t>(node.integer("num_outputs", static_cast<std::int64_t>(node.outputs.size())));
  if (sizes.empty() && parts > 0 && parts <= std::max<std::int64_t>(size, 1)) {
    const std::int64_t each = ceiling_of(size, parts);
    for (std::int64_t rest = size; rest > 0; rest -= each) sizes.push_back(std::min(each, rest));
  }
  if (sizes.size() != node.outputs.size()) {
    refuse(fmt::format("{} parts are made of an axis of {}", node.outputs.size(), size),
           "is the file complete?");
  }
  std::int64_t sum = 0;
  for (const std::int64_t part : sizes) {
    if (part < 0) refuse("a part has a size below 0", "is the file complete?");
    sum = checked_sum(sum, part, "an array's size");
  }
  if (sum != size) {
    refuse(fmt::format("parts of {} entries are made of an axis of {}", sum, size),
           "is the file complete?");
  }
  return sizes;
}

Sizes axes_of(const Node& node, const Constant* given) {
  return given != nullptr ? given->integers() : node.integers("axes");
}

}  // namespace smoothbound::models::onnx
