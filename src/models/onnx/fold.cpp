// Operators on arrays that are known.
#include "fold.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "smoothbound/text/shape.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::models::onnx {
namespace {

std::vector<double> numbers_of(const Constant& constant) { return constant.values(); }

using Function2 = double (*)(double, double);
using Function1 = double (*)(double);

// What two arrays were put together to, as a view.
std::string made_of(const Call& call, const Constant& a, const Constant& b) {
  return fmt::format("{}({}{},{}{})", call.node.operation, a.origin, a.view, b.origin, b.view);
}

Constant combined(const Call& call, const Constant& a, const Constant& b, Function2 function,
                  bool is_integer) {
  const Sizes sizes = broadcast_sizes(a.sizes, b.sizes);
  call.folder.require_room(sizes);
  const bool like_b = a.is_scalar() || !a.may_be_trained;
  Constant result(sizes, resembling(like_b ? b : a, {&a, &b}), [a, b, sizes, function, is_integer] {
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
  result.view = made_of(call, a, b);
  return result;
}

const std::map<std::string_view, Function2>& binary_functions() {
  static const std::map<std::string_view, Function2> all{
      {"Add", [](double a, double b) { return a + b; }},
      {"Sum", [](double a, double b) { return a + b; }},
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
      {"Sign", [](double a) { return a > 0   ? 1.0
                                     : a < 0 ? -1.0
                                             : 0.0; }},
      {"Not", [](double a) { return a == 0 ? 1.0 : 0.0; }},
      {"IsNaN", [](double a) { return std::isnan(a) ? 1.0 : 0.0; }},
  };
  return all;
}

Result fold_binary(const Call& call) {
  Constant result = call.at(0);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    const bool is_integer = result.is_integer && call.at(i).is_integer;
    result =
        combined(call, result, call.at(i), binary_functions().at(call.node.operation), is_integer);
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
  result.add_to_view(call.node.operation);
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

// How numbers become one.
struct Reduction {
  std::string_view name;
  double start;
  Function2 add;
};

constexpr std::array reductions{
    Reduction{"ReduceMean", 0, [](double sum, double value) { return sum + value; }},
    Reduction{"ReduceSum", 0, [](double sum, double value) { return sum + value; }},
    Reduction{"ReduceProd", 1, [](double all, double value) { return all * value; }},
    Reduction{"ReduceMax", -HUGE_VAL,
              [](double most, double value) { return std::max(most, value); }},
    Reduction{"ReduceMin", HUGE_VAL,
              [](double least, double value) { return std::min(least, value); }},
    Reduction{"ReduceL1", 0, [](double sum, double value) { return sum + std::fabs(value); }},
    Reduction{"ReduceL2", 0, [](double sum, double value) { return sum + value * value; }},
    Reduction{"ReduceSumSquare", 0, [](double sum, double value) { return sum + value * value; }},
};

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
  Sizes kept;   // with 1 for those that go
  Sizes outer;  // strides into `from`
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
  const Reduction& reduction = *std::ranges::find(reductions, kind, &Reduction::name);
  const auto count = static_cast<double>(product(inner_sizes));
  Constant result(sizes, from, [=] {
    const std::vector<double>& values = from.values();
    std::vector<double> all;
    for_each_place(kept, {outer}, [&](const std::vector<std::int64_t>& at) {
      double sum = reduction.start;
      for_each_place(inner_sizes, {inner}, [&](const std::vector<std::int64_t>& in) {
        sum = reduction.add(sum, values[static_cast<std::size_t>(at[0] + in[0])]);
      });
      if (reduction.name == "ReduceMean") sum /= count;
      if (reduction.name == "ReduceL2") sum = std::sqrt(sum);
      all.push_back(sum);
    });
    return all;
  });
  result.view += fmt::format("{}[{}]", kind, fmt::join(goes, ","));
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
  Constant result(sizes, resembling(a.may_be_trained ? a : b, {&a, &b}), [a, b, sizes] {
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
  });
  result.view = made_of(call, a, b);
  return {result};
}

const std::map<std::string_view, Fold>& folds() {
  static const std::map<std::string_view, Fold> all = [] {
    std::map<std::string_view, Fold> table = layout_folds();
    table.emplace("Identity", fold_identity);
    table.emplace("Dropout", fold_identity);
    table.emplace("Cast", fold_cast);
    table.emplace("MatMul", fold_matmul);
    for (const auto& [name, function] : binary_functions()) table.emplace(name, fold_binary);
    for (const auto& [name, function] : comparisons()) table.emplace(name, fold_comparison);
    for (const auto& [name, function] : unary_functions()) table.emplace(name, fold_unary);
    for (const Reduction& row : reductions) table.emplace(row.name, fold_reduction);
    return table;
  }();
  return all;
}

}  // namespace

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

// What a result is like that is computed of all these: no deeper than they are.
Constant resembling(const Constant& like, std::initializer_list<const Constant*> inputs) {
  Constant result = like;
  for (const Constant* const input : inputs) result.depth = std::max(result.depth, input->depth);
  return result;
}

// What was done to an array, for the view of one that is made of it.
std::string trace_of(const Constant& array) {
  return fmt::format("{}{}[{}]", array.origin, array.view, fmt::join(array.sizes, ","));
}

bool Folder::knows(std::string_view operation) const { return folds().contains(operation); }

std::vector<Constant> Folder::fold(const Graph& graph, const Node& node,
                                   const std::vector<const Constant*>& inputs) {
  std::vector<Constant> results = folds().at(node.operation)({graph, node, inputs, *this});
  for (Constant& result : results) result.take_room(graph.room);
  return results;
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

Sizes sizes_asked(const Node& node, const Sizes& all) {
  const auto rank = static_cast<std::int64_t>(all.size());
  const auto place = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t begin = place(node.integer("start", 0));
  const std::int64_t end = std::max(begin, place(node.integer("end", rank)));
  return {all.begin() + begin, all.begin() + end};
}

}  // namespace smoothbound::models::onnx
