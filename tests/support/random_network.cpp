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
#include "random_component.hpp"
#include "smoothbound/losses/loss.hpp"

namespace smoothbound::support {
namespace {

bool centres(std::uint64_t seed) { return seed % 5 == 2; }

class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed)
      : random_(seed),
        reads_ids_(seed % 11 == 5),
        centring_(centres(seed)),
        bending_(bends(seed)),
        deep_(bending_ && seed % 4 > 0),
        long_(deep_ && seed % 13 == 6),
        attending_(seed % 6 == 1 && !bending_) {}

  PlainNetwork make() {
    network_ = {};
    shapes_.clear();
    kinks_ = chance(30);
    flat_epsilon_ = chance(10);
    make_settings();
    const std::int64_t depth = long_ ? between(33, 40) : between(deep_ ? 4 : 1, 12);
    branching_ = chance(long_ ? 10 : 50);
    sharing_ = chance(bending_ ? 10 : 40);
    for (std::int64_t i = 0; i < depth; ++i) {
      if (attending_ && chance(50) && add_attention()) continue;
      if (!sharing_ || !chance(40) || !add_sharing_layer()) add_layer();
    }
    if (deep_ && chance(60)) {
      append_softmax();
      if (chance(50)) add_layer();
    }
    // A layer stands behind the one whose parameters it takes.
    if (chance(20) && !sharing_) shuffle_layers(random_, network_);
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
  // The first layer that a layer may read if it computes with what it reads.
  [[nodiscard]] int first_readable() const { return reads_ids_ ? 0 : PlainLayer::network_input; }
  std::string literal_or_zero() { return chance(4) ? "0" : literal(); }
  // Of balls in which numbers neither vanish nor explode, if that is what networks are about.
  std::string radius() {
    static constexpr std::array<std::string_view, 5> values{"1", "0.5", "2", "3", "5"};
    static constexpr std::array<std::string_view, 5> large{"1", "2", "3", "2.5", "3"};
    if (bending_ && chance(95)) return std::string(one_of(deep_ ? large : values));
    return literal_or_zero();
  }

  void make_settings() {
    static constexpr std::array<std::string_view, 6> norms{"0", "1e-3", "0.5", "1", "30.25", "1e9"};
    const auto rank = reads_ids_ || long_ ? 1 : between(1, 4);
    network_.input = {one_of(std::array<std::int64_t, 5>{1, 2, 4, 6, 3})};
    for (std::int64_t axis = 1; axis < rank; ++axis) network_.input.push_back(between(1, 9));
    network_.batch = one_of(std::array<std::int64_t, 6>{1, 2, 3, 7, 128, 1'000'000});
    if (centring_ && network_.batch == 1) network_.batch = 4;
    if (deep_ && chance(50)) network_.batch = 1;
    const auto norm = static_cast<std::size_t>(
        chance(5) ? 0 : between(deep_ ? norms.size() - 3 : 1, norms.size() - 1));
    network_.norm = norms[norm];
    if (chance(deep_ ? 20 : 50)) {
      network_.sample_norm =
          norms[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(norm)))];
    }
    network_.radius = radius();
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
    if (chance(25)) layer.radius = radius();
    Sizes shape;
    if (branching_ && index > 0 && chance(deep_ ? 20 : 35)) {
      choose_branches(layer);
      std::vector<Sizes> inputs;
      for (const int input : layer.inputs) inputs.push_back(shape_of(input));
      shape = merged_shape(layer, inputs);
    } else {
      const bool anywhere = branching_ && chance(deep_ ? 10 : 45);
      layer.inputs = {anywhere ? static_cast<int>(between(-1, index - 1)) : index - 1};
      shape = shape_of(layer.inputs.front());
      if (reads_ids_ && layer.inputs.front() == PlainLayer::network_input) {
        append(layer, make_embedding(), shape);
      } else if (deep_ || chance(92)) {
        append(layer, make_affine(shape), shape);
      }
      // What reads nothing is listed as a reader of the input.
      if (!layer.parts.empty() && reads_nothing(*find_prototype(layer.parts[0].kind))) {
        layer.inputs = {PlainLayer::network_input};
      }
    }
    const std::int64_t maps = between(0, deep_ ? 2 : 3);
    for (std::int64_t i = 0; i < maps; ++i) append(layer, make_map(shape), shape);
    network_.layers.push_back(layer);
    shapes_.push_back(shape);
  }

  // Attention to what has been computed last, if these are tokens: convolutions, products of which
  // in one or two heads become weights.
  bool add_attention() {
    const int source = static_cast<int>(network_.layers.size()) - 1;
    const Sizes tokens = shape_of(source);
    if (tokens.size() != 2 || (source < 0 && reads_ids_)) return false;
    const std::int64_t heads = between(1, 2);
    PlainPart conv;
    conv.kind = "conv";
    conv.size = heads * between(1, 3);
    conv.window.kernel = {chance(70) ? 1 : 3};
    conv.window.padding = "same";
    for (int projection = 0; projection < 3; ++projection) {
      conv.bias = !chance(25);
      add_layer({source}, "", conv);
      if (heads == 2) append(network_.layers.back(), of_two_heads(shapes_.back()), shapes_.back());
    }
    PlainPart softmax;
    softmax.kind = "softmax";
    softmax.axis = static_cast<std::size_t>(heads - 1);
    softmax.axis_name = plain_axis_name(softmax.axis, heads == 1 ? 2 : 3);
    add_layer({source + 1, source + 2}, "first", softmax);
    if (chance(50)) network_.layers.back().scale = literal();
    add_layer({source + 3, source + 4}, "", {});
    return true;
  }
  void add_layer(const std::vector<int>& inputs, const char* transpose, const PlainPart& part) {
    PlainLayer layer;
    layer.name = "layer" + std::to_string(network_.layers.size() + 1);
    layer.inputs = inputs;
    layer.transpose = transpose;
    if (inputs.size() > 1) layer.merge = "matmul";
    std::vector<Sizes> shapes;
    for (const int input : inputs) shapes.push_back(shape_of(input));
    Sizes shape = merged_shape(layer, shapes);
    if (!part.kind.empty()) append(layer, part, shape);
    network_.layers.push_back(layer);
    shapes_.push_back(shape);
  }
  static PlainPart of_two_heads(const Sizes& shape) {
    Rearrangement reshape = std::get<Rearrangement>(*find_prototype("reshape"));
    reshape.settings.sizes = {2, shape[0] / 2, shape[1]};
    const std::string sizes = fmt::format("\"sizes\": [2, {}, {}]", shape[0] / 2, shape[1]);
    PlainPart part;
    part.kind = "reshape";
    part.other = std::make_shared<const OtherComponent>(OtherComponent{reshape, sizes});
    return part;
  }

  // Whether it looks up rows of a table by what it reads.
  [[nodiscard]] bool embeds(int layer) const {
    const std::vector<PlainPart>& parts = network_.layers[static_cast<std::size_t>(layer)].parts;
    return !parts.empty() && ids_of(*find_prototype(parts.front().kind)).has_value();
  }

  // One that takes the parameters of an earlier one, where these fit: reading what it reads, or
  // what another one gives.
  bool add_sharing_layer() {
    const int layers = static_cast<int>(network_.layers.size());
    std::vector<std::pair<int, int>> fitting;  // layers and what to read instead
    for (int owner = 0; owner < layers; ++owner) {
      for (int input = -1; input < layers; ++input) {
        if (reads_ids_ && embeds(owner) != (input == PlainLayer::network_input)) continue;
        if (fits(owner, shape_of(input))) fitting.emplace_back(owner, input);
      }
    }
    if (fitting.empty()) return false;
    if (chance(60)) {  // what has been computed last, as in recurrences
      int last = PlainLayer::network_input;
      for (const auto& [owner, input] : fitting) last = std::max(last, input);
      std::erase_if(fitting, [&](const auto& pair) { return pair.second < last; });
    }
    const auto [owner, input] = one_of(fitting);
    PlainLayer layer;
    layer.name = "layer" + std::to_string(layers + 1);
    layer.share = owner;
    layer.inputs = {input};
    Sizes shape = shape_of(input);
    for (PlainPart part : network_.layers[static_cast<std::size_t>(owner)].parts) {
      part.affine_radius.clear();
      append(layer, part, shape);
    }
    if (reads_nothing(*find_prototype(layer.parts[0].kind))) {
      layer.inputs = {PlainLayer::network_input};
    }
    const std::int64_t maps = between(0, 2);
    for (std::int64_t i = 0; i < maps; ++i) {
      const PlainPart map = make_map(shape);
      if (!has_block(map, shape)) append(layer, map, shape);
    }
    network_.layers.push_back(layer);
    shapes_.push_back(shape);
    return true;
  }

  // Whether the parts of that layer have the same parameters behind an input of that shape. Merges
  // are left out, of which only what follows could be taken.
  [[nodiscard]] bool fits(int owner, Sizes shape) const {
    const PlainLayer& layer = network_.layers[static_cast<std::size_t>(owner)];
    if (!layer.merge.empty()) return false;
    Sizes own = shape_of(layer.inputs.front());
    bool any = false;
    for (const PlainPart& part : layer.parts) {
      const auto after = shape_after(part, shape);
      if (!after) return false;
      if (has_block(part, own)) {
        const bool is_alike = part.kind == "dense"  ? product_of(shape) == product_of(own)
                              : part.kind == "conv" ? shape.front() == own.front()
                                                    : shape == own;
        if (!is_alike || shape.size() != own.size()) return false;
        any = true;
      }
      shape = *after;
      own = *shape_after(part, own);
    }
    return any;
  }
  [[nodiscard]] static bool has_block(const PlainPart& part, const Sizes& shape) {
    if (is_written_out(part.kind)) {
      return part.affine || role_of(*find_prototype(part.kind)) == Role::affine;
    }
    if (find_activation(part.kind) != nullptr) return false;
    const OtherComponent& other = other_of(part);
    const Shape input{std::span(shape)};
    const Sizes after = shape_after(part, shape).value_or(shape);
    return block_of(other.component, {{&input, 1}, Shape{std::span(after)}, 1}).has_value();
  }

  [[nodiscard]] const Sizes& shape_of(int layer) const {
    return layer < 0 ? network_.input : shapes_[static_cast<std::size_t>(layer)];
  }

  // Two to four branches whose shapes fit, repetitions included.
  void choose_branches(PlainLayer& layer) {
    static constexpr std::array<std::string_view, 5> merges{"add", "add", "concat", "multiply",
                                                            "matmul"};
    layer.merge = one_of(merges);
    if (bending_ && chance(90)) layer.merge = chance(70) ? "add" : "concat";
    if (layer.merge == "matmul" && choose_factors(layer)) return;
    if (layer.merge == "matmul") layer.merge = "multiply";
    const int layers = static_cast<int>(network_.layers.size());
    const int first = static_cast<int>(between(chance(80) ? 0 : first_readable(), layers - 1));
    const Sizes& a = shape_of(first);
    if (layer.merge == "concat" && chance(40)) {
      layer.axis = static_cast<std::size_t>(between(0, std::ssize(a) - 1));
      layer.axis_name = plain_axis_name(layer.axis, a.size());
    }
    std::vector<int> fitting;
    for (int other = first_readable(); other < layers; ++other) {
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
    const int first = static_cast<int>(between(first_readable(), layers - 1));
    std::vector<int> fitting;
    for (int other = first_readable(); other < layers; ++other) {
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

  // To the last layer, of channels.
  void append_softmax() {
    PlainPart part;
    part.kind = "softmax";
    append(network_.layers.back(), part, shapes_.back());
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

  PlainPart make_affine(const Sizes& shape) {
    static constexpr std::array<std::int64_t, 4> widths{2, 4, 2, 6};
    PlainPart part;
    static const std::vector<std::string> others = other_components(Role::affine);
    if (!bending_ && chance(5)) return make_opaque(shape);
    if (chance(5)) return random_conv_transposed(random_, shape);
    if (!others.empty() && !bending_ && chance(10)) return make_other(others);
    part.bias = !chance(25);
    part.size = one_of(widths);
    if (shape.size() == 1 || chance(15)) {
      part.kind = "dense";
      return part;
    }
    part.kind = "conv";
    part.window = random_window(random_, shape, true);
    if (chance(50)) {
      part.window.stride.clear();
      part.window.padding = "same";
      part.window.pads.clear();
    }
    if (chance(30) && shape.front() % 2 == 0) part.groups = 2;
    return part;
  }

  PlainPart make_embedding() {
    OtherComponent other{Embedding{between(1, 5), between(1, 4)}, {}};
    const auto& embedding = std::get<Embedding>(other.component);
    other.settings =
        fmt::format("\"entries\": {}, \"features\": {}", embedding.entries, embedding.features);
    PlainPart part;
    part.kind = embedding.name();
    part.other = std::make_shared<const OtherComponent>(other);
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
    if (centring_ && chance(60)) return make_centring_map(shape);
    const int bending_share = long_ ? 100 : deep_ ? 98 : 90;
    if (bending_ && chance(bending_share)) return random_bending_map(random_, shape);
    const std::int64_t dice = between(1, 100);
    if (!others.empty() && chance(5)) return make_other(others);
    if (chance(4)) return random_prelu(random_, shape);
    if (chance(12)) return random_linear_map(random_, shape);
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
      part.window = random_window(random_, shape, false);
      part.window.ceil = part.window.padding != "same" && chance(20);
      part.count_padding = part.kind == "max_pool" || !chance(20);
    } else if (dice <= 79) {
      part.kind = "global_average_pool";
    } else {
      part = make_normalization(shape);
    }
    return part;
  }

  // What sees nothing of the mean over samples, and what stands between that and weights.
  PlainPart make_centring_map(const Sizes& shape) {
    static constexpr std::array<std::string_view, 6> kinds{"softplus", "tanh",    "softplus",
                                                           "sin",      "sigmoid", "gelu"};
    PlainPart part;
    if (chance(50)) {
      part.kind = one_of(kinds);
      return part;
    }
    do {
      part = make_normalization(shape);
    } while (part.kind != "batch_norm");
    part.per = "element";
    return part;
  }

  PlainPart make_normalization(const Sizes& shape) {
    PlainPart part = random_normalization(random_, shape, flat_epsilon_);
    if (part.affine && chance(50)) part.affine_radius = literal_or_zero();
    return part;
  }

  std::mt19937_64 random_;
  bool reads_ids_;
  bool centring_;   // with many batch norms of elements
  bool bending_;    // of affine parts, linear maps and softplus
  bool deep_;       // with many of those, and large numbers
  bool long_;       // with more than 32 blocks
  bool attending_;  // with attention
  PlainNetwork network_;
  std::vector<Sizes> shapes_;
  bool kinks_ = false;
  bool flat_epsilon_ = false;
  bool branching_ = false;
  bool sharing_ = false;
};

}  // namespace

bool bends(std::uint64_t seed) { return seed % 7 == 3 && !centres(seed); }

PlainNetwork random_network(std::uint64_t seed) { return RandomNetwork(seed).make(); }

}  // namespace smoothbound::support
