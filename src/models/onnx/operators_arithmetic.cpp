// Sums and products, of values of the network and of numbers that are known.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "elementwise.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {

View with_rank(View x, std::size_t rank) {
  while (x.rank() < rank) {
    x.sizes.insert(x.sizes.begin(), 1);
    x.strides.insert(x.strides.begin(), 0);
    if (x.batch >= 0) ++x.batch;
  }
  return x;
}

// Axes whose sizes differ have one entry before.
View expanded(Translator& translator, const Node& node, View x, const Sizes& sizes) {
  x = with_rank(std::move(x), sizes.size());
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    const std::int64_t count = sizes[axis];
    if (x.sizes[axis] == count) continue;
    if (x.holds_batch(axis)) {
      refuse("its numbers differ between the samples of the batch",
             "samples are independent: export it with a batch of one");
    }
    // Each number, so many times one behind the other.
    const std::int64_t elements = x.elements();
    const Sizes each{elements, 1};
    const Sizes all{elements, count};
    StepId step = x.step;
    if (translator.network().shape(step) != shape_of(each)) {
      step = translator.map(step, "reshape", {{"", yaml_list(each)}}, shape_of(each), node);
    }
    x.step =
        translator.map(step, "upsample", {{"size", std::to_string(count)}}, shape_of(all), node);
    for (std::int64_t& stride : x.strides) stride *= count;
    x.sizes[axis] = count;
    x.strides[axis] = 1;
  }
  return x;
}

namespace {

// The axes of a view as they lie, the slowest first.
AxisList lying_order(const View& view) {
  AxisList order(view.rank());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return view.strides[a] > view.strides[b]; });
  return order;
}

}  // namespace

StepId lying_as(Translator& translator, const Node& node, const View& x, const View& like) {
  return translator.arranged(x, lying_order(like), translator.network().shape(like.step), node);
}

namespace {

Sizes with_ones(const Sizes& sizes, std::size_t rank) {
  Sizes all(rank > sizes.size() ? rank - sizes.size() : 0, 1);
  all.insert(all.end(), sizes.begin(), sizes.end());
  return all;
}

// Fixed numbers as the output of a step that gives the same for each sample, laid as `like` if they
// have its size.
View fixed_view(Translator& translator, const Node& node, const Constant& numbers,
                const View& like) {
  const Sizes sizes = with_ones(numbers.sizes, like.rank());
  if (sizes == like.sizes) {
    const Shape& shape = translator.network().shape(like.step);
    std::vector<int> order;
    for (const std::size_t axis : lying_order(like)) order.push_back(static_cast<int>(axis));
    View result = like;
    const Constant laid = numbers.reshaped(sizes).permuted(order).reshaped(
        {shape.sizes().begin(), shape.sizes().end()});
    result.step = translator.fixed(laid, node);
    return result;
  }
  Sizes kept = without_ones(sizes);
  if (kept.empty()) kept = {1};
  if (kept.size() > static_cast<std::size_t>(Shape::largest_rank)) kept = {numbers.elements()};
  return in_order(translator.fixed(numbers.reshaped(kept), node), sizes, View::nowhere);
}

View sum_of(Translator& translator, const Node& node, View a, View b) {
  require_same_batch(a, b);
  const Sizes sizes = broadcast_sizes(a.sizes, b.sizes);
  a = expanded(translator, node, std::move(a), sizes);
  b = expanded(translator, node, std::move(b), sizes);
  Step step;
  step.kind = Step::Kind::merge;
  step.component = "add";
  step.name = translator.name_of(node);
  step.inputs = {a.step, lying_as(translator, node, b, a)};
  step.output = translator.network().shape(a.step);
  if (a.batch < 0) a.take_batch(b);
  a.step = translator.add(std::move(step));
  return a;
}

// Whether the axes along which `small` is not repeated are the slowest (or fastest) of `big`.
enum class Place : std::uint8_t { none, slowest, fastest };
Place place_of(const View& big, const Sizes& small) {
  const AxisList order = lying_order(big);
  bool seen_repeated = false;
  bool seen_kept = false;
  bool is_slowest = true;
  bool is_fastest = true;
  for (const std::size_t axis : order) {
    if (big.sizes[axis] == 1) continue;
    if (small[axis] == 1) {
      if (seen_kept) is_fastest = false;
      seen_repeated = true;
    } else {
      if (seen_repeated) is_slowest = false;
      seen_kept = true;
    }
  }
  return is_slowest ? Place::slowest : is_fastest ? Place::fastest : Place::none;
}

View product_of_views(Translator& translator, const Node& node, View a, View b) {
  require_same_batch(a, b);
  const Sizes sizes = broadcast_sizes(a.sizes, b.sizes);
  if (with_rank(a, sizes.size()).sizes != sizes) std::swap(a, b);
  a = expanded(translator, node, std::move(a), sizes);
  b = with_rank(std::move(b), sizes.size());
  Step step;
  step.kind = Step::Kind::merge;
  step.component = "multiply";
  step.name = translator.name_of(node);
  if (b.sizes == sizes) {
    step.inputs = {a.step, lying_as(translator, node, b, a)};
    step.output = translator.network().shape(a.step);
  } else {
    // [kept, repeated] by [kept], or [repeated, kept] by [1, kept].
    Place place = place_of(a, b.sizes);
    const std::int64_t kept = b.elements();
    const std::int64_t repeated = a.elements() / kept;
    AxisList order = lying_order(a);
    if (place == Place::none) {
      std::ranges::stable_sort(
          order, [&](std::size_t x, std::size_t y) { return b.sizes[x] != 1 && b.sizes[y] == 1; });
      place = Place::slowest;
      const StepId moved = translator.arranged(a, order, shape_of({kept, repeated}), node);
      Sizes ordered;
      for (const std::size_t axis : order) ordered.push_back(a.sizes[axis]);
      const View laid = in_order(moved, ordered, View::nowhere);
      for (std::size_t i = 0; i < order.size(); ++i) a.strides[order[i]] = laid.strides[i];
      a.step = moved;
    }
    const bool is_slowest = place == Place::slowest;
    const Shape& own = translator.network().shape(a.step);
    const bool fits = is_slowest && own.channels() == kept;
    const Shape shape = fits         ? own
                        : is_slowest ? shape_of({kept, repeated})
                                     : shape_of({repeated, kept});
    AxisList kept_order;
    for (const std::size_t axis : order) {
      if (b.sizes[axis] != 1) kept_order.push_back(axis);
    }
    const StepId big = translator.arranged(a, lying_order(a), shape, node);
    const StepId small = translator.arranged(
        b, kept_order, is_slowest ? shape_of({kept}) : shape_of({1, kept}), node);
    step.inputs = {big, small};
    step.output = shape;
  }
  if (a.batch < 0) a.take_batch(b);
  a.step = translator.add(std::move(step));
  return a;
}

// x + c or c x with fixed numbers c.
View with_fixed(Translator& translator, const Node& node, View x, const Constant& numbers,
                bool is_product) {
  const Sizes sizes = broadcast_sizes(x.sizes, numbers.sizes);
  x = expanded(translator, node, std::move(x), sizes);
  const double neutral = is_product ? 1 : 0;
  if (numbers.is_all(neutral)) return x;
  const std::vector<double>& values = numbers.values();
  for (const double value : values) {
    if (!std::isfinite(value)) {
      refuse(fmt::format("{} is among its numbers", value), "only finite numbers can be bounded");
    }
  }
  const char* const component = is_product ? "scale" : "shift";
  if (numbers.is_all(values.front())) {
    return mapped(translator, node, x, component, {{"", yaml_number(values.front())}});
  }
  const Sizes small = with_ones(numbers.sizes, sizes.size());
  const Shape own = translator.network().shape(x.step);
  std::size_t axes = 0;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) axes += small[axis] != 1 ? 1U : 0U;
  if (axes == 1 && place_of(x, small) == Place::slowest) {
    const std::int64_t count = numbers.elements();
    if (own.channels() != count) {
      x.step = translator.map(x.step, "reshape", {{"", yaml_list({count, x.elements() / count})}},
                              shape_of({count, x.elements() / count}), node);
    }
    return mapped(translator, node, x, component, {{"by", translator.numbers_text(numbers)}});
  }
  const View given = fixed_view(translator, node, numbers, x);
  return is_product ? product_of_views(translator, node, x, given)
                    : sum_of(translator, node, x, given);
}

// Numbers on the input alone, for each channel, prepare it: they are not trained.
bool prepares_input(const View& x, const Constant& numbers) {
  return x.step == Network::input &&
         numbers.elements() <= std::max<std::int64_t>(x.rank() > 1 ? x.sizes[1] : 1, 1);
}

// What is added to scores so that these do not count any more, as much as a number can say it.
constexpr double far_below = -1e4;

bool is_mask(const Constant& numbers) {
  const std::vector<double>& values = numbers.values();
  return std::ranges::all_of(values, [](double v) { return v == 0 || v <= far_below; }) &&
         std::ranges::any_of(values, [](double v) { return v <= far_below; });
}

View masked(Translator& translator, const Node& node, View x, const Constant& mask) {
  const Sizes all = broadcast_sizes(x.sizes, mask.sizes);
  x = expanded(translator, node, std::move(x), all);
  translator.note(fmt::format("'{}': what is masked loses {} and not everything",
                              translator.name_of(node), -far_below));
  const std::size_t rank = x.rank();
  const std::vector<double>& values = mask.values();
  const std::int64_t columns = mask.sizes.empty() ? 1 : mask.sizes.back();
  bool is_causal = rank >= 2 && columns > 1 && mask.elements() == columns * columns &&
                   mask.sizes.size() >= 2 && mask.sizes[mask.sizes.size() - 2] == columns;
  for (std::size_t i = 0; is_causal && i < values.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i) / columns;
    const auto column = static_cast<std::int64_t>(i) % columns;
    is_causal = (values[i] != 0) == (column > row);
  }
  if (!is_causal) {
    const Constant from = mask;
    const Constant finite(from.sizes, from, [from] {
      std::vector<double> numbers = from.values();
      for (double& value : numbers) value = std::max(value, far_below);
      return numbers;
    });
    return with_fixed(translator, node, x, finite, false);
  }
  AxisList order(rank);
  std::iota(order.begin(), order.end(), 0);
  Sizes sizes{x.sizes[rank - 2], x.sizes[rank - 1]};
  const std::int64_t stack = x.elements() / sizes[0] / sizes[1];
  if (stack != 1) sizes.insert(sizes.begin(), stack);
  const StepId step = translator.arranged(x, order, shape_of(sizes), node);
  View result =
      in_order(translator.map(step, "mask", {{"by", yaml_number(-far_below)}, {"keys", "second"}},
                              shape_of(sizes), node),
               x.sizes, x);
  return result;
}

Constant for_view(const Translator& translator, const Node& node, const View& x,
                  const Constant& given) {
  Constant numbers = given;
  if (const Attribute* const axis = node.find("axis"); axis != nullptr) {
    // Before opset 7 the axes of the second array begin there.
    Sizes sizes = numbers.sizes;
    const std::size_t end = axis_within(axis->integer, x.rank()) + sizes.size();
    if (end < x.rank()) sizes.resize(sizes.size() + x.rank() - end, 1);
    numbers = numbers.reshaped(sizes);
  }
  return numbers.sizes.size() == x.rank() ? translator.for_sample(numbers, x) : numbers;
}

}  // namespace

View added(Translator& translator, const Node& node, const View& x, const Constant& known) {
  const Constant numbers = for_view(translator, node, x, known);
  // Nobody trains a mask; weights that are looked at in a copy stay in their file.
  if (is_mask(Constant(numbers))) return masked(translator, node, x, numbers);
  if (!translator.is_trained(numbers) || prepares_input(x, numbers)) {
    return with_fixed(translator, node, x, numbers, false);
  }
  return sum_of(translator, node, x, translator.parameter(numbers, node));
}

namespace {

View multiplied(Translator& translator, const Node& node, const View& x, const Constant& known) {
  const Constant numbers = for_view(translator, node, x, known);
  if (!translator.is_trained(numbers) || prepares_input(x, numbers)) {
    return with_fixed(translator, node, x, numbers, true);
  }
  const View wide = expanded(translator, node, x, broadcast_sizes(x.sizes, numbers.sizes));
  return product_of_views(translator, node, wide, translator.parameter(numbers, node));
}

Constant changed(const Constant& from, double (*function)(double)) {
  return {from.sizes, from, [from, function] {
            std::vector<double> values = from.values();
            std::ranges::transform(values, values.begin(), function);
            return values;
          }};
}

void translate_sum(Translator& translator, const Node& node) {
  std::optional<View> result;
  std::vector<const Constant*> known;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (const Constant* const numbers = translator.constant(node, i)) {
      known.push_back(numbers);
      continue;
    }
    const View& x = translator.require_view(node, i);
    result = result ? sum_of(translator, node, *result, x) : x;
  }
  if (!result)
    refuse("nothing of it depends on the network's input", "compute it before the export");
  for (const Constant* const numbers : known) result = added(translator, node, *result, *numbers);
  if (node.operation == "Mean") {
    result = scaled_and_shifted(translator, node, *result,
                                outward_quotient(1, static_cast<double>(node.inputs.size())), 0);
  }
  translator.set(node, 0, *result);
}

void translate_sub(Translator& translator, const Node& node) {
  const Constant* const first = translator.constant(node, 0);
  const Constant* const second = translator.constant(node, 1);
  if (second != nullptr) {
    const View& x = translator.require_view(node, 0);
    const Constant negative =
        changed(for_view(translator, node, x, *second), [](double value) { return 0 - value; });
    return translator.set(node, 0,
                          is_mask(negative) ? masked(translator, node, x, negative)
                                            : with_fixed(translator, node, x, negative, false));
  }
  const View negative =
      scaled_and_shifted(translator, node, translator.require_view(node, 1), -1, 0);
  translator.set(node, 0,
                 first != nullptr
                     ? with_fixed(translator, node, negative, *first, false)
                     : sum_of(translator, node, translator.require_view(node, 0), negative));
}

void translate_mul(Translator& translator, const Node& node) {
  const Constant* const first = translator.constant(node, 0);
  const Constant* const second = translator.constant(node, 1);
  if (first != nullptr || second != nullptr) {
    const View& x = translator.require_view(node, first != nullptr ? 1 : 0);
    return translator.set(node, 0,
                          multiplied(translator, node, x, first != nullptr ? *first : *second));
  }
  translator.set(node, 0,
                 product_of_views(translator, node, translator.require_view(node, 0),
                                  translator.require_view(node, 1)));
}

void translate_div(Translator& translator, const Node& node) {
  const Constant* const divisor = translator.constant(node, 1);
  if (divisor == nullptr) {
    refuse("it divides by what depends on the network's input",
           "a quotient has no bound where its denominator may vanish: use a normalization");
  }
  if (std::ranges::any_of(divisor->values(), [](double value) { return value == 0; })) {
    refuse("it divides by 0", "is the file complete?");
  }
  const View& x = translator.require_view(node, 0);
  const Constant inverse = changed(for_view(translator, node, x, *divisor),
                                   [](double value) { return outward_quotient(1, value); });
  translator.set(node, 0, with_fixed(translator, node, x, inverse, true));
}

void translate_neg(Translator& translator, const Node& node) {
  translator.set(node, 0,
                 scaled_and_shifted(translator, node, translator.require_view(node, 0), -1, 0));
}

void translate_pow(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Constant& power = translator.require_constant(node, 1, "the exponent");
  if (power.is_all(1)) return translator.set(node, 0, x);
  if (!power.is_all(2) && !power.is_all(3)) {
    refuse("an exponent that is not 1, 2 or 3", "other powers have no bound in the catalogue");
  }
  View result = product_of_views(translator, node, x, x);
  if (power.is_all(3)) result = product_of_views(translator, node, result, x);
  translator.set(node, 0, std::move(result));
}

// With a number half of a clip, else max(a, b) = a + relu(b - a), min(a, b) = a - relu(a - b).
void translate_extreme(Translator& translator, const Node& node) {
  const double sign = node.operation == "Max" ? 1 : -1;
  std::optional<View> result;
  std::vector<const Constant*> known;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (const Constant* const numbers = translator.constant(node, i)) {
      known.push_back(numbers);
      continue;
    }
    const View& x = translator.require_view(node, i);
    if (!result) {
      result = x;
      continue;
    }
    View more = sum_of(translator, node, scaled_and_shifted(translator, node, x, sign, 0),
                       scaled_and_shifted(translator, node, *result, -sign, 0));
    more = mapped(translator, node, more, "relu", {});
    result = sum_of(translator, node, *result, scaled_and_shifted(translator, node, more, sign, 0));
  }
  if (!result)
    refuse("nothing of it depends on the network's input", "compute it before the export");
  for (const Constant* const numbers : known) {
    View& x = *result;
    x = with_rank(x, numbers->sizes.size());
    if (numbers->is_scalar()) {
      const double number = numbers->values()[0];
      x = clipped(translator, node, x, sign > 0 ? number : -HUGE_VAL, sign > 0 ? HUGE_VAL : number);
      continue;
    }
    const Constant negative = changed(*numbers, [](double value) { return 0 - value; });
    View rest = scaled_and_shifted(translator, node,
                                   with_fixed(translator, node, x, negative, false), sign, 0);
    rest = mapped(translator, node, rest, "relu", {});
    x = with_fixed(translator, node, scaled_and_shifted(translator, node, rest, sign, 0), *numbers,
                   false);
  }
  translator.set(node, 0, *result);
}

// Scores that are not to count are replaced by a number far below the others.
void translate_where(Translator& translator, const Node& node) {
  const Constant& condition = translator.require_constant(node, 0, "the condition");
  const Constant* const yes = translator.constant(node, 1);
  const Constant* const no = translator.constant(node, 2);
  const Constant* const fill = yes != nullptr ? yes : no;
  if (fill == nullptr || !fill->is_scalar() || fill->values()[0] > far_below) {
    refuse("it chooses between two values", "only masks are understood, that put -1e4 or less");
  }
  const bool masks_true = yes != nullptr;
  const Constant mask(condition.sizes, condition, [condition, masks_true] {
    std::vector<double> values = condition.values();
    for (double& value : values) value = (value != 0) == masks_true ? far_below : 0;
    return values;
  });
  translator.set(node, 0,
                 masked(translator, node, translator.require_view(node, masks_true ? 2 : 1), mask));
}

}  // namespace

std::vector<Operator> arithmetic_operators() {
  return {
      {"Add", "add, shift, or a parameter that is added", translate_sum},
      {"Sum", "add", translate_sum},
      {"Mean", "add and scale", translate_sum},
      {"Sub", "shift, or scale and add", translate_sub},
      {"Mul", "multiply, scale, or a parameter that multiplies", translate_mul},
      {"Div", "scale, by known numbers", translate_div},
      {"Neg", "scale: -1", translate_neg},
      {"Pow", "multiply, for exponents 2 and 3", translate_pow},
      {"Max", "relu of the difference, and add or shift", translate_extreme},
      {"Min", "relu of the difference, and add or shift", translate_extreme},
      {"Where", "mask", translate_where},
  };
}

}  // namespace smoothbound::models::onnx
