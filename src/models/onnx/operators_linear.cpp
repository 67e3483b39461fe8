// Convolutions, dense layers and products of matrices.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "attention_parts.hpp"
#include "elementwise.hpp"
#include "padding.hpp"
#include "smoothbound/text/source.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

AxisList all_but(const View& view, std::initializer_list<std::size_t> left_out) {
  AxisList axes;
  for (std::size_t axis = 0; axis < view.rank(); ++axis) {
    if (std::ranges::find(left_out, axis) == left_out.end()) axes.push_back(axis);
  }
  return axes;
}

// The bias of a convolution or dense layer: one number for each output.
void add_bias(std::vector<BlockArray>& arrays, Step& step, const Constant* bias,
              std::int64_t outputs) {
  step.bias = bias != nullptr;
  if (bias == nullptr) return;
  if (bias->elements() != outputs) {
    refuse(fmt::format("a bias of {} numbers belongs to {} outputs", bias->elements(), outputs),
           "it has to have one number for each output");
  }
  arrays.push_back({"bias", bias->reshaped({outputs})});
}

struct Convolution {
  Sizes kernel;
  Sizes stride;
  Sizes dilation;
  std::int64_t groups = 1;
};

Convolution convolution_of(const Node& node, const Constant& weight) {
  Convolution conv;
  const std::size_t rank = weight.sizes.size();
  if (rank < 3 || rank > 5) {
    refuse(fmt::format("the weights have the shape [{}]", fmt::join(weight.sizes, ", ")),
           "convolutions have one to three axes of positions");
  }
  conv.kernel = {weight.sizes.begin() + 2, weight.sizes.end()};
  conv.stride = per_axis(node, "strides", rank - 2, 1);
  conv.dilation = per_axis(node, "dilations", rank - 2, 1);
  conv.groups = node.integer("group", 1);
  if (weight.elements() == 0 ||
      std::ranges::any_of(conv.kernel, [](std::int64_t size) { return size > most_extent; })) {
    refuse(fmt::format("the weights have the shape [{}]", fmt::join(weight.sizes, ", ")),
           "is the file complete?");
  }
  const Sizes named = node.integers("kernel_shape");
  if (!named.empty() && named != conv.kernel) {
    refuse(fmt::format("kernel_shape is [{}], and the weights have [{}]", fmt::join(named, ", "),
                       fmt::join(conv.kernel, ", ")),
           "is the file complete?");
  }
  return conv;
}

void add_extents(Step& step, const Convolution& conv) {
  const auto is_one = [](const Sizes& sizes) {
    return std::ranges::all_of(sizes, [](std::int64_t size) { return size == 1; });
  };
  step.settings.push_back({"kernel", extent_text(conv.kernel)});
  if (!is_one(conv.stride)) step.settings.push_back({"stride", extent_text(conv.stride)});
  if (!is_one(conv.dilation)) step.settings.push_back({"dilation", extent_text(conv.dilation)});
}

void translate_conv(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Constant& weight = translator.require_constant(node, 1, "weights");
  const Convolution conv = convolution_of(node, weight);
  const SpatialInput input = spatial_input(translator, node, x, conv.kernel.size());
  if (conv.groups < 1 || input.shape.channels() % conv.groups != 0 ||
      input.shape.channels() / conv.groups != weight.sizes[1]) {
    refuse(fmt::format("{} channels meet weights for {} in {} groups", input.shape.channels(),
                       weight.sizes[1], conv.groups),
           "is the file complete?");
  }
  const Padding padding = padding_of(node, input.shape, conv.kernel, conv.stride, conv.dilation);
  Step step;
  step.kind = Step::Kind::head;
  step.component = "conv";
  step.name = translator.name_of(node);
  step.settings.push_back({"filters", std::to_string(weight.sizes[0])});
  add_extents(step, conv);
  const StepId read = padded(translator, node, input.step, padding, step.settings);
  if (conv.groups != 1) step.settings.push_back({"groups", std::to_string(conv.groups)});
  step.inputs = {read};
  Sizes sizes{weight.sizes[0]};
  for (std::size_t axis = 0; axis < conv.kernel.size(); ++axis) {
    sizes.push_back(windows_along(
        input.shape.spatial(static_cast<int>(axis)) + padding.before[axis] + padding.after[axis],
        conv.dilation[axis] * (conv.kernel[axis] - 1) + 1, conv.stride[axis]));
  }
  step.output = shape_of(sizes);
  std::vector<BlockArray> arrays{{"weight", weight}};
  const Constant* const bias = translator.optional_constant(node, 2, "the bias");
  add_bias(arrays, step, bias, weight.sizes[0]);
  // Two arrays that an exporter computed: it had reason to.
  if (bias != nullptr && weight.name.starts_with("onnx::") && bias->name.starts_with("onnx::")) {
    translator.count_folded_norm();
  }
  translator.bind(step, node, std::move(arrays));
  translator.set(node, 0, of_sample(translator.add(std::move(step)), sizes));
}

void translate_conv_transposed(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Constant& weight = translator.require_constant(node, 1, "weights");
  const Convolution conv = convolution_of(node, weight);
  const std::size_t rank = conv.kernel.size();
  const SpatialInput input = spatial_input(translator, node, x, rank);
  if (weight.sizes[0] != input.shape.channels()) {
    refuse(fmt::format("{} channels meet weights for {}", input.shape.channels(), weight.sizes[0]),
           "is the file complete?");
  }
  const std::int64_t filters =
      checked_product(weight.sizes[1], conv.groups, "the number of filters");
  const Sizes added = per_axis(node, "output_padding", rank, 0);
  Sizes before(rank, 0);
  Sizes after(rank, 0);
  const Sizes pads = pads_of(node, rank);
  const Sizes asked = node.integers("output_shape");
  const std::string_view automatic = node.text("auto_pad", "NOTSET");
  Sizes sizes{filters};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t size = input.shape.spatial(static_cast<int>(axis));
    const std::int64_t full = conv.stride[axis] * (size - 1) +
                              conv.dilation[axis] * (conv.kernel[axis] - 1) + 1 + added[axis];
    std::int64_t wanted = -1;
    if (asked.size() == rank) wanted = asked[axis];
    if (asked.size() == rank + 2) wanted = asked[axis + 2];
    if (wanted < 0 && automatic.starts_with("SAME")) wanted = size * conv.stride[axis];
    if (wanted >= 0) {
      const std::int64_t total = full - wanted;
      before[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      after[axis] = total - before[axis];
    } else if (!pads.empty()) {
      before[axis] = pads[axis];
      after[axis] = pads[axis + rank];
    }
    if (before[axis] < 0 || after[axis] < 0) {
      refuse(fmt::format("pads of {} in front and {} behind", before[axis], after[axis]),
             "use output_padding for more positions");
    }
    sizes.push_back(full - before[axis] - after[axis]);
  }
  // The same is taken away at both ends, and the rest behind.
  Sizes both = before;
  Sizes made = sizes;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    both[axis] = std::min(before[axis], after[axis]);
    made[axis + 1] += before[axis] + after[axis] - 2 * both[axis];
  }
  Step step;
  step.kind = Step::Kind::head;
  step.component = "conv_transposed";
  step.name = translator.name_of(node);
  step.settings.push_back({"filters", std::to_string(filters)});
  add_extents(step, conv);
  const auto add_any = [&](const char* key, const Sizes& values) {
    if (std::ranges::any_of(values, [](std::int64_t value) { return value != 0; })) {
      step.settings.push_back({key, extent_text(values)});
    }
  };
  add_any("padding", both);
  add_any("output_padding", added);
  if (conv.groups != 1) step.settings.push_back({"groups", std::to_string(conv.groups)});
  step.inputs = {input.step};
  step.output = shape_of(made);
  std::vector<BlockArray> arrays{{"weight", weight}};
  add_bias(arrays, step, translator.optional_constant(node, 2, "the bias"), filters);
  translator.bind(step, node, std::move(arrays));
  StepId result = translator.add(std::move(step));
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (made[axis + 1] == sizes[axis + 1]) continue;
    made[axis + 1] = sizes[axis + 1];
    const std::int64_t from = before[axis] - both[axis];
    std::vector<Setting> part{{"axis", axis_word(axis + 1, static_cast<int>(rank) + 1)}};
    if (from != 0) part.push_back({"from", std::to_string(from)});
    part.push_back({"to", std::to_string(from + sizes[axis + 1])});
    result = translator.map(result, "slice", std::move(part), shape_of(made), node);
  }
  translator.set(node, 0, of_sample(result, sizes));
}

// W z + b for the vectors along an axis of the view; `weight` [units, inputs]. The result has its
// units along that axis.
View add_dense(Translator& translator, const Node& node, const View& x, std::size_t axis,
               const Constant& weight, const Constant* bias) {
  const std::int64_t inputs = weight.sizes[1];
  const std::int64_t units = weight.sizes[0];
  if (x.holds_batch(axis)) refuse_joined_samples();
  if (x.sizes[axis] != inputs) {
    refuse(fmt::format("vectors of {} numbers meet weights for {}", x.sizes[axis], inputs),
           "is the file complete?");
  }
  Step step;
  step.kind = Step::Kind::head;
  step.component = "dense";
  step.name = translator.name_of(node);
  std::vector<BlockArray> arrays{{"weight", weight}};
  add_bias(arrays, step, bias, units);
  const std::int64_t positions = x.elements() / inputs;
  View result = x;
  result.sizes[axis] = units;
  if (positions == 1) {
    step.settings.push_back({"", std::to_string(units)});
    // Dense flattens what it reads: numbers in their order have whatever shape they have.
    step.inputs = {x.is_in_order() ? x.step : translator.arranged(x, {axis}, Shape{inputs}, node)};
    step.output = shape_of({units});
    translator.bind(step, node, std::move(arrays));
    return in_order(translator.add(std::move(step)), result.sizes, x);
  }
  AxisList order{axis};
  Sizes sizes{inputs};
  for (const std::size_t other : all_but(x, {axis})) {
    order.push_back(other);
    if (x.sizes[other] != 1) sizes.push_back(x.sizes[other]);
  }
  if (sizes.size() > static_cast<std::size_t>(Shape::largest_rank)) sizes = {inputs, positions};
  step.inputs = {translator.arranged(x, order, shape_of(sizes), node)};
  sizes[0] = units;
  step.settings = {{"units", std::to_string(units)}, {"per", "position"}};
  step.output = shape_of(sizes);
  translator.bind(step, node, std::move(arrays));
  result.step = translator.add(std::move(step));
  std::int64_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::int64_t size = result.sizes[order[i]];
    result.strides[order[i]] = size == 1 ? 0 : stride;
    stride *= size;
  }
  return result;
}

Constant scaled(const Constant& numbers, double factor) {
  if (factor == 1) return numbers;
  const Constant from = numbers;
  Constant result(from.sizes, from, [from, factor] {
    std::vector<double> values = from.values();
    for (double& value : values) value *= factor;
    return values;
  });
  result.add_to_view(fmt::format("*{}", factor));
  return result;
}

void translate_gemm(Translator& translator, const Node& node) {
  View x = translator.require_view(node, 0);
  const Constant& given = translator.require_constant(node, 1, "weights");
  if (given.sizes.size() != 2 || x.rank() != 2) {
    refuse("a product of what are no two matrices", "is the file complete?");
  }
  if (node.integer("transA", 0) != 0) x = permuted(x, {1, 0});
  const bool is_turned = node.integer("transB", 0) != 0;
  const Constant weight = scaled(is_turned ? given : given.permuted({1, 0}), node.real("alpha", 1));
  std::optional<Constant> bias;
  std::optional<Constant> rest;  // what is no bias
  if (const Constant* const c = translator.constant(node, 2)) {
    const std::int64_t units = weight.sizes[0];
    const double beta = node.real("beta", 1);
    if (c->elements() == units && (units == 1 || c->sizes.back() == units)) {
      bias = scaled(*c, beta);
    } else if (c->elements() == 1 && c->is_all(0)) {
      bias.reset();
    } else if (c->elements() == 1) {
      const Constant one = scaled(*c, beta);
      bias = Constant({units}, one, [one, units] {
        return std::vector<double>(static_cast<std::size_t>(units), one.values()[0]);
      });
      bias->view += fmt::format("x{}", units);
    } else {
      rest = scaled(*c, beta);
    }
  } else if (translator.view(node.input(2)) != nullptr) {
    refuse("the summand of the product depends on the network's input",
           "export it as MatMul and Add");
  }
  View result = add_dense(translator, node, x, 1, weight, bias ? &*bias : nullptr);
  if (rest) result = added(translator, node, result, *rest);
  translator.set(node, 0, std::move(result));
}

struct Factor {
  StepId step;
  bool is_transposed;
};

// A stack of matrices [stack, rows, columns] as a step, transposed if it lies so.
Factor factor_of(Translator& translator, const Node& node, const View& view, std::int64_t stack) {
  const std::size_t rank = view.rank();
  AxisList order = all_but(view, {rank - 2, rank - 1});
  const std::int64_t rows = view.sizes[rank - 2];
  const std::int64_t columns = view.sizes[rank - 1];
  const bool is_transposed = view.strides[rank - 2] == 1 && columns != 1;
  order.push_back(is_transposed ? rank - 1 : rank - 2);
  order.push_back(is_transposed ? rank - 2 : rank - 1);
  Sizes sizes{is_transposed ? columns : rows, is_transposed ? rows : columns};
  if (stack != 1) sizes.insert(sizes.begin(), stack);
  return {translator.arranged(view, order, shape_of(sizes), node), is_transposed};
}

// Where the products have their batch, as axes of the larger stack, rows and columns; nothing if
// they have none. Throws SpecError where samples meet others.
std::optional<View> batch_of_products(const View& a, const View& b) {
  const auto from_behind = [](const View& x) {
    return x.batch < 0 ? 0 : static_cast<int>(x.rank()) - x.batch;
  };
  const int in_a = from_behind(a);
  const int in_b = from_behind(b);
  const bool is_summed = in_a == 1 || in_b == 2;
  const bool meets_other = in_a != 0 && in_b != 0 && (in_a != in_b || a.outer != b.outer);
  if (is_summed || meets_other) refuse_joined_samples();
  if (in_a == 0 && in_b == 0) return std::nullopt;
  View where = in_a != 0 ? a : b;
  where.batch += static_cast<int>(std::max(a.rank(), b.rank()) - where.rank());
  return where;
}

}  // namespace

View matrix_products(Translator& translator, const Node& node, View a, View b) {
  if (a.rank() < 2 || b.rank() < 2) {
    refuse("a product with a vector that depends on the network's input",
           "export it as a product of two matrices");
  }
  const std::optional<View> where = batch_of_products(a, b);
  const Sizes stack_a(a.sizes.begin(), a.sizes.end() - 2);
  const Sizes stack_b(b.sizes.begin(), b.sizes.end() - 2);
  const std::int64_t stack = product(stack_a);
  if (stack != product(stack_b)) {
    refuse(fmt::format("stacks of {} and {} matrices are multiplied", stack, product(stack_b)),
           "repeat the smaller one before");
  }
  Factor first = factor_of(translator, node, a, stack);
  Factor second = factor_of(translator, node, b, stack);
  if (first.is_transposed && second.is_transposed) {
    // Only one of them may be: the first one is turned.
    const std::size_t rank = a.rank();
    Sizes sizes{a.sizes[rank - 2], a.sizes[rank - 1]};
    if (stack != 1) sizes.insert(sizes.begin(), stack);
    AxisList order(rank);
    std::iota(order.begin(), order.end(), 0);
    first = {translator.arranged(a, order, shape_of(sizes), node), false};
  }
  Sizes result = a.rank() >= b.rank() ? stack_a : stack_b;
  const std::int64_t rows = a.sizes[a.rank() - 2];
  const std::int64_t columns = b.sizes[b.rank() - 1];
  if (a.sizes[a.rank() - 1] != b.sizes[b.rank() - 2]) {
    refuse(fmt::format("rows of {} numbers meet columns of {}", a.sizes[a.rank() - 1],
                       b.sizes[b.rank() - 2]),
           "is the file complete?");
  }
  Sizes sizes{rows, columns};
  if (stack != 1) sizes.insert(sizes.begin(), stack);
  Step step;
  step.kind = Step::Kind::merge;
  step.component = "matmul";
  step.name = translator.name_of(node);
  step.inputs = {first.step, second.step};
  if (first.is_transposed) step.settings.push_back({"transpose", "first"});
  if (second.is_transposed) step.settings.push_back({"transpose", "second"});
  step.output = shape_of(sizes);
  result.push_back(rows);
  result.push_back(columns);
  View products = in_order(translator.add(std::move(step)), result, View::nowhere);
  if (where) products.take_batch(*where);
  return products;
}

namespace {

void translate_matmul(Translator& translator, const Node& node) {
  const View* const a = translator.view(node.input(0));
  const View* const b = translator.view(node.input(1));
  const Constant* const bias = translator.constant(node, 2);  // fused: see fuse.hpp
  if (a != nullptr && b != nullptr) {
    return translator.set(node, 0, matrix_products(translator, node, *a, *b));
  }
  if (a != nullptr) {
    const Constant& known = translator.require_constant(node, 1, "weights");
    Sizes sizes = known.sizes;
    while (sizes.size() > 2 && sizes.front() == 1) sizes.erase(sizes.begin());
    if (known.sizes.size() < 2 || known.elements() == 0 || a->rank() == 0) {
      refuse("a product with a vector of weights", "export the weights as a matrix");
    }
    if (sizes.size() > 2) {  // a matrix for each of a stack
      const View weights = translator.parameter(known, node);
      return translator.set(node, 0, matrix_products(translator, node, *a, weights));
    }
    return translator.set(node, 0,
                          add_dense(translator, node, *a, a->rank() - 1,
                                    known.reshaped(sizes).permuted({1, 0}), bias));
  }
  const View& right = translator.require_view(node, 1);
  const Constant& known = translator.require_constant(node, 0, "weights");
  Sizes sizes = known.sizes;
  while (sizes.size() > 2 && sizes.front() == 1) sizes.erase(sizes.begin());
  if (sizes.size() != 2 || right.rank() < 2 || bias != nullptr) {
    refuse(fmt::format("weights [{}] in front of the product", fmt::join(known.sizes, ", ")),
           "export them as one matrix");
  }
  translator.set(
      node, 0,
      add_dense(translator, node, right, right.rank() - 2, known.reshaped(sizes), nullptr));
}

}  // namespace

std::vector<Operator> linear_operators() {
  return {
      {"Conv", "conv", translate_conv},
      {"ConvTranspose", "conv_transposed", translate_conv_transposed},
      {"Gemm", "dense", translate_gemm},
      {"MatMul", "dense, or matmul of two values", translate_matmul},
  };
}

}  // namespace smoothbound::models::onnx
