#include "random_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "catalogue.hpp"
#include "random_map.hpp"
#include "smoothbound/losses/loss.hpp"

namespace smoothbound::support {
namespace {

class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed) : random_(seed) {}

  PlainNetwork make() {
    network_ = {};
    shapes_.clear();
    kinks_ = chance(30);
    flat_epsilon_ = chance(10);
    make_settings();
    const std::int64_t depth = between(1, 12);
    branching_ = chance(50);
    for (std::int64_t i = 0; i < depth; ++i) add_layer();
    if (chance(20)) shuffle();
    return network_;
  }

 private:
  bool chance(int percent) { return between(1, 100) <= percent; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return support::between(random_, low, high);
  }
  template <class Values>
  const auto& one_of(const Values& values) {
    return values[static_cast<std::size_t>(between(0, std::ssize(values) - 1))];
  }
  std::string literal() {
    static constexpr std::array<std::string_view, 12> values{
        "1", "1", "0.1", "2.5", "10", "1e-3", "123.456", "0.7", "3", "0.01", "1e40", "1e-20"};
    return std::string(one_of(values));
  }
  std::string literal_or_zero() { return chance(4) ? "0" : literal(); }

  void make_settings() {
    static constexpr std::array<std::string_view, 6> norms{"0", "1e-3", "0.5", "1", "30.25", "1e9"};
    const auto rank = between(1, 4);
    network_.input = {one_of(std::array<std::int64_t, 5>{1, 2, 4, 6, 3})};
    for (std::int64_t axis = 1; axis < rank; ++axis) network_.input.push_back(between(1, 9));
    network_.batch = one_of(std::array<std::int64_t, 6>{1, 2, 3, 7, 128, 1'000'000});
    const auto norm = static_cast<std::size_t>(chance(5) ? 0 : between(1, norms.size() - 1));
    network_.norm = norms[norm];
    if (chance(50)) {
      network_.sample_norm =
          norms[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(norm)))];
    }
    network_.radius = literal_or_zero();
    network_.loss = one_of(loss_table()).name;
    network_.label_radius = literal_or_zero();
    network_.regularizer = chance(50) ? "0" : literal();
    network_.gap = literal_or_zero();
    network_.accuracy = literal();
  }

  void add_layer() {
    PlainLayer layer;
    const int index = static_cast<int>(network_.layers.size());
    layer.name = "layer" + std::to_string(index + 1);
    if (chance(25)) layer.radius = literal_or_zero();
    Sizes shape;
    if (branching_ && index > 0 && chance(35)) {
      choose_branches(layer);
      std::vector<Sizes> inputs;
      for (const int input : layer.inputs) inputs.push_back(shape_of(input));
      shape = merged_shape(layer, inputs);
    } else {
      const bool anywhere = branching_ && chance(45);
      layer.inputs = {anywhere ? static_cast<int>(between(-1, index - 1)) : index - 1};
      shape = shape_of(layer.inputs.front());
      if (chance(92)) append(layer, make_affine(shape), shape);
      // What reads nothing is listed as a reader of the input.
      if (!layer.parts.empty() && reads_nothing(*find_prototype(layer.parts[0].kind))) {
        layer.inputs = {PlainLayer::network_input};
      }
    }
    const std::int64_t maps = between(0, 3);
    for (std::int64_t i = 0; i < maps; ++i) append(layer, make_map(shape), shape);
    network_.layers.push_back(layer);
    shapes_.push_back(shape);
  }

  [[nodiscard]] const Sizes& shape_of(int layer) const {
    return layer < 0 ? network_.input : shapes_[static_cast<std::size_t>(layer)];
  }

  // Two to four branches whose shapes fit, repetitions included.
  void choose_branches(PlainLayer& layer) {
    static constexpr std::array<std::string_view, 5> merges{"add", "add", "concat", "multiply",
                                                            "matmul"};
    layer.merge = one_of(merges);
    if (layer.merge == "matmul" && choose_factors(layer)) return;
    if (layer.merge == "matmul") layer.merge = "multiply";
    const int layers = static_cast<int>(network_.layers.size());
    const int first = static_cast<int>(between(chance(80) ? 0 : -1, layers - 1));
    const Sizes& a = shape_of(first);
    if (layer.merge == "concat" && chance(40)) {
      layer.axis = static_cast<std::size_t>(between(0, std::ssize(a) - 1));
      layer.axis_name = plain_axis_name(layer.axis, a.size());
    }
    std::vector<int> fitting;
    for (int other = -1; other < layers; ++other) {
      const Sizes& b = shape_of(other);
      Sizes along = b;
      if (layer.axis < b.size() && a.size() == b.size()) along[layer.axis] = a[layer.axis];
      if (a == b || (layer.merge == "concat" && along == a && a[layer.axis] + b[layer.axis] < 40) ||
          (layer.merge == "multiply" && is_small(plain_broadcast(a, b)))) {
        fitting.push_back(other);
      }
    }
    layer.inputs = {first};
    const std::int64_t more = between(1, 3);
    Sizes product = shape_of(first);
    for (std::int64_t i = 0; i < more; ++i) {
      const auto pick = between(0, static_cast<std::int64_t>(fitting.size()) - 1);
      const int other = fitting[static_cast<std::size_t>(pick)];
      if (layer.merge == "multiply") {
        const auto next = plain_broadcast(product, shape_of(other));
        if (!is_small(next)) continue;
        product = *next;
      }
      layer.inputs.push_back(other);
    }
    if (layer.inputs.size() == 1) layer.inputs.push_back(first);
  }

  // Two matrices, or stacks of them, that can be multiplied; if there are any.
  bool choose_factors(PlainLayer& layer) {
    static constexpr std::array<std::string_view, 3> transposes{"", "first", "second"};
    const int layers = static_cast<int>(network_.layers.size());
    layer.transpose = one_of(transposes);
    const int first = static_cast<int>(between(-1, layers - 1));
    std::vector<int> fitting;
    for (int other = -1; other < layers; ++other) {
      const auto product = plain_product(layer.transpose, shape_of(first), shape_of(other));
      if (product && product->stack * product->rows * product->columns < 2000) {
        fitting.push_back(other);
      }
    }
    if (fitting.empty()) {
      layer.transpose.clear();
      return false;
    }
    layer.inputs = {first, one_of(fitting)};
    if (chance(50)) layer.scale = literal();
    return true;
  }

  static bool is_small(const std::optional<Sizes>& sizes) {
    return sizes && product_of(*sizes) < 2000;
  }

  // Leaves out what does not fit.
  static void append(PlainLayer& layer, const PlainPart& part, Sizes& shape) {
    const auto after = shape_after(part, shape);
    if (!after) return;
    layer.parts.push_back(part);
    shape = *after;
  }

  PlainWindow make_window(const Sizes& shape, bool with_dilation) {
    static constexpr std::array<std::string_view, 5> paddings{"", "same", "valid", "sizes", "same"};
    PlainWindow window;
    window.padding = one_of(paddings);
    const bool stride = chance(60);
    const bool dilation = with_dilation && chance(40);
    for (std::size_t axis = 1; axis < shape.size(); ++axis) {
      window.kernel.push_back(between(1, 4));
      if (stride) window.stride.push_back(between(1, 3));
      if (dilation) window.dilation.push_back(between(1, 4));
      if (window.padding == "sizes") window.pads.push_back(between(0, 3));
    }
    return window;
  }

  PlainPart make_affine(const Sizes& shape) {
    static constexpr std::array<std::int64_t, 4> widths{2, 4, 2, 6};
    PlainPart part;
    static const std::vector<std::string> others = other_components(Role::affine);
    if (chance(5)) return make_opaque(shape);
    if (!others.empty() && chance(10)) return make_other(others);
    part.bias = !chance(25);
    part.size = one_of(widths);
    if (shape.size() == 1 || chance(15)) {
      part.kind = "dense";
      return part;
    }
    part.kind = "conv";
    part.window = make_window(shape, true);
    if (chance(50)) {
      part.window.stride.clear();
      part.window.padding = "same";
      part.window.pads.clear();
    }
    if (chance(30) && shape.front() % 2 == 0) part.groups = 2;
    return part;
  }

  PlainPart make_opaque(const Sizes& shape) {
    PlainPart part;
    part.kind = "opaque";
    part.lipschitz = literal_or_zero();
    part.smoothness = literal_or_zero();
    if (chance(60)) part.bound = literal_or_zero();
    if (chance(60)) part.at_zero = literal_or_zero();
    if (chance(50)) part.output = Sizes(shape.size(), 2);
    return part;
  }

  PlainPart make_other(const std::vector<std::string>& names) {
    PlainPart part;
    part.kind = one_of(names);
    return part;
  }

  PlainPart make_map(const Sizes& shape) {
    static const std::vector<std::string> others = other_components(Role::non_affine);
    static const std::vector<ActivationValues> smooth = activations(false);
    static const std::vector<ActivationValues> kinked = activations(true);
    PlainPart part;
    const std::int64_t dice = between(1, 100);
    if (!others.empty() && chance(5)) return make_other(others);
    if (chance(12)) return RandomMap(random_, shape).make();
    if (dice <= 55) {
      const ActivationValues& f = one_of(kinks_ && chance(25) ? kinked : smooth);
      part.kind = f.row->name;
      part.parameter_name = f.row->parameter.name;
      part.parameter = one_of(f.values);
    } else if (dice <= 62) {
      part.kind = "softmax";
      if (chance(40)) {
        part.axis = static_cast<std::size_t>(between(0, std::ssize(shape) - 1));
        part.axis_name = plain_axis_name(part.axis, shape.size());
      }
    } else if (dice <= 76) {
      part.kind = kinks_ && chance(30) ? "max_pool" : "average_pool";
      part.window = make_window(shape, false);
    } else if (dice <= 79) {
      part.kind = "global_average_pool";
    } else {
      part = make_normalization(shape);
    }
    return part;
  }

  PlainPart make_normalization(const Sizes& shape) {
    static constexpr std::array<std::string_view, 5> kinds{"batch_norm", "layer_norm", "group_norm",
                                                           "rms_norm", "batch_norm"};
    static constexpr std::array<std::string_view, 5> epsilons{"1e-5", "0.01", "100", "1", "3.3e-7"};
    PlainPart part;
    part.kind = one_of(kinds);
    if (part.kind == "batch_norm" && chance(60)) part.per = chance(50) ? "element" : "channel";
    const bool takes_scope = part.kind == "layer_norm" || part.kind == "rms_norm";
    if (takes_scope && chance(40)) part.per = chance(70) ? "position" : "sample";
    if (part.kind == "group_norm") part.size = shape.front() % 2 == 0 && chance(70) ? 2 : 1;
    if (chance(70)) part.epsilon = flat_epsilon_ && chance(30) ? "0" : one_of(epsilons);
    part.affine = chance(50);
    if (part.affine) {
      part.shift = chance(60);
      if (part.shift) part.scale = chance(80);
      if (chance(50)) part.affine_radius = literal_or_zero();
    }
    return part;
  }

  // Another order in the file; the output stays last.
  void shuffle() {
    const std::size_t layers = network_.layers.size();
    std::vector<std::size_t> place(layers);
    for (std::size_t i = 0; i < layers; ++i) place[i] = i;
    for (std::size_t i = layers - 1; i > 1; --i) {
      const auto other = static_cast<std::size_t>(between(0, static_cast<std::int64_t>(i) - 1));
      std::swap(place[i - 1], place[other]);
    }
    std::vector<PlainLayer> moved(layers);
    for (std::size_t i = 0; i < layers; ++i) {
      PlainLayer layer = network_.layers[i];
      for (int& input : layer.inputs) {
        if (input >= 0) input = static_cast<int>(place[static_cast<std::size_t>(input)]);
      }
      moved[place[i]] = layer;
    }
    network_.layers = moved;
  }

  std::mt19937_64 random_;
  PlainNetwork network_;
  std::vector<Sizes> shapes_;
  bool kinks_ = false;
  bool flat_epsilon_ = false;
  bool branching_ = false;
};

}  // namespace

PlainNetwork random_network(std::uint64_t seed) { return RandomNetwork(seed).make(); }

}  // namespace smoothbound::support
