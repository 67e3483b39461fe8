#include "random_component.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalogue.hpp"

namespace smoothbound::support {
namespace {

class SettingsOfComponent {
 public:
  SettingsOfComponent(std::mt19937_64& random, const Sizes& shape)
      : random_(random), shape_(shape) {}

  PlainPart make_linear() {
    using Maker = void (SettingsOfComponent::*)();
    static constexpr std::array<std::pair<std::string_view, Maker>, 22> makers{{
        {"flatten", &SettingsOfComponent::nothing},
        {"reshape", &SettingsOfComponent::reshape},
        {"permute", &SettingsOfComponent::permute},
        {"slice", &SettingsOfComponent::slice},
        {"slice", &SettingsOfComponent::slice},
        {"pad", &SettingsOfComponent::pad},
        {"upsample", &SettingsOfComponent::upsample},
        {"upsample", &SettingsOfComponent::upsample},
        {"channel_shuffle", &SettingsOfComponent::count},
        {"space_to_depth", &SettingsOfComponent::count},
        {"depth_to_space", &SettingsOfComponent::count},
        {"pixel_shuffle", &SettingsOfComponent::count},
        {"pixel_unshuffle", &SettingsOfComponent::count},
        {"padded_shortcut", &SettingsOfComponent::shortcut},
        {"roll", &SettingsOfComponent::roll},
        {"relative_positions", &SettingsOfComponent::relative_positions},
        {"mask", &SettingsOfComponent::mask},
        {"mask", &SettingsOfComponent::mask},
        {"adaptive_average_pool", &SettingsOfComponent::adaptive},
        {"adaptive_average_pool", &SettingsOfComponent::adaptive},
        {"scale", &SettingsOfComponent::scale},
        {"shift", &SettingsOfComponent::shift},
    }};
    const auto& [name, maker] =
        makers.at(static_cast<std::size_t>(number(0, std::ssize(makers) - 1)));
    return make(name, maker);
  }
  PlainPart make_conv_transposed() {
    return make("conv_transposed", &SettingsOfComponent::conv_transposed);
  }
  PlainPart make_prelu() {
    return make(number(0, 1) == 0 ? "prelu" : "smooth_prelu", &SettingsOfComponent::prelu);
  }

 private:
  PlainPart make(std::string_view name, void (SettingsOfComponent::*maker)()) {
    map_.component = *find_prototype(name);
    (this->*maker)();
    PlainPart part;
    part.kind = name;
    part.other = std::make_shared<const OtherComponent>(map_);
    return part;
  }
  std::int64_t number(std::int64_t low, std::int64_t high) { return between(random_, low, high); }
  RearrangementSettings& settings() { return std::get<Rearrangement>(map_.component).settings; }
  void note(std::string_view name, const std::string& value) {
    map_.settings += fmt::format("{}\"{}\": {}", map_.settings.empty() ? "" : ", ", name, value);
  }
  // One number for each spatial axis.
  Extent extent(std::string_view name, std::int64_t low, std::int64_t high) {
    Extent extent;
    std::size_t axes = 0;
    std::string text;
    for (; axes + 1 < shape_.size(); ++axes) {
      extent.sizes[axes] = number(low, high);
      text += fmt::format("{}{}", axes == 0 ? "" : ", ", extent.sizes[axes]);
    }
    extent.given = static_cast<std::uint8_t>(axes + 1);
    if (axes == 0) {
      extent = Extent::uniform(low);
      note(name, std::to_string(low));
    } else {
      note(name, "[" + text + "]");
    }
    return extent;
  }
  // Indices into `axis_words`.
  [[nodiscard]] std::vector<std::size_t> words() const {
    std::vector<std::size_t> all(shape_.size());
    for (std::size_t word = 0; word < axis_words.size(); ++word) {
      const auto axis = find_axis(word, static_cast<int>(shape_.size()));
      if (axis) all[static_cast<std::size_t>(*axis)] = word;
    }
    return all;
  }

  void nothing() {}
  void reshape() {
    std::int64_t elements = 1;
    for (const std::int64_t size : shape_) elements *= size;
    std::int64_t channels = number(1, 12);
    while (elements % channels != 0) --channels;
    settings().sizes = {channels, elements / channels};
    note("sizes", fmt::format("[{}, {}]", channels, elements / channels));
  }
  void permute() {
    settings().axes = words();
    std::string text;
    for (std::size_t k = 0; k < shape_.size(); ++k) {
      const auto other =
          static_cast<std::size_t>(number(static_cast<std::int64_t>(k), std::ssize(shape_) - 1));
      std::swap(settings().axes[k], settings().axes[other]);
      text += fmt::format("{}\"{}\"", k == 0 ? "" : ", ", axis_words.at(settings().axes[k]));
    }
    note("axes", "[" + text + "]");
  }
  void slice() {
    const auto axis = static_cast<std::size_t>(number(0, std::ssize(shape_) - 1));
    settings().axis = words()[axis];
    settings().from = number(0, shape_[axis] - 1);
    settings().to = number(settings().from + 1, shape_[axis]);
    settings().step = number(1, 3);
    note("axis", fmt::format("\"{}\"", axis_words.at(settings().axis)));
    note("from", std::to_string(settings().from));
    note("to", std::to_string(*settings().to));
    note("step", std::to_string(settings().step));
  }
  void pad() {
    static constexpr std::array<std::string_view, 4> modes{"zero", "reflect", "replicate",
                                                           "circular"};
    settings().mode = static_cast<std::size_t>(number(0, 3));
    settings().before = extent("before", 0, may_grow() ? 2 : 0);
    settings().after = extent("after", 0, may_grow() ? 3 : 0);
    note("mode", fmt::format("\"{}\"", modes.at(settings().mode)));
  }
  // Runs on small arrays only are composed exactly, whatever they consist of.
  [[nodiscard]] bool may_grow() const {
    std::int64_t elements = 1;
    for (const std::int64_t size : shape_) elements *= size;
    return elements <= 100 && shape_.front() <= 6;
  }
  void upsample() {
    auto& map = std::get<Upsample>(map_.component);
    if (number(0, 1) == 0) {
      map.factor = extent("factor", 1, may_grow() ? 3 : 1);
    } else {
      map.size = extent("size", 1, may_grow() ? 12 : 3);
    }
    if (number(0, 2) > 0) return;
    map.mode = 1;
    note("mode", "\"bilinear\"");
    map.align_corners = number(0, 1) == 0;
    note("align_corners", map.align_corners ? "true" : "false");
  }
  void count() {
    settings().count = number(1, 3);
    const std::string_view name = name_of(map_.component);
    const std::string_view what = name == "channel_shuffle"   ? "groups"
                                  : name.starts_with("pixel") ? "factor"
                                                              : "block";
    note(what, std::to_string(settings().count));
  }
  void shortcut() {
    settings().stride = extent("stride", 1, 3);
    settings().channels_before = number(0, 1);
    settings().channels = shape_.front() + number(1, 3);
    note("before", std::to_string(settings().channels_before));
    note("channels", std::to_string(*settings().channels));
  }
  void roll() {
    const auto axis = static_cast<std::size_t>(number(0, std::ssize(shape_) - 1));
    settings().axis = words()[axis];
    settings().distance = number(-9, 9);
    note("axis", fmt::format("\"{}\"", axis_words.at(settings().axis)));
    note("by", std::to_string(settings().distance));
  }
  // Fits where the sizes of the positions are odd, and few, as for `may_grow`.
  void relative_positions() {
    std::string text;
    std::int64_t elements = shape_.front();
    for (std::size_t axis = 1; axis < shape_.size(); ++axis) {
      elements *= (shape_[axis] + 1) / 2 * ((shape_[axis] + 1) / 2);
    }
    const bool few = elements <= 100;
    for (std::size_t axis = 0; axis + 1 < shape_.size(); ++axis) {
      settings().window.sizes[axis] = few ? (shape_[axis + 1] + 1) / 2 : 1;
      text += fmt::format("{}{}", axis == 0 ? "" : ", ", settings().window.sizes[axis]);
    }
    settings().window.given = static_cast<std::uint8_t>(shape_.size());
    settings().windows = number(1, few ? 2 : 1);
    note("window", "[" + text + "]");
    note("windows", std::to_string(settings().windows));
  }
  // Fits where the last two axes are equally long, and windows divide the first.
  void mask() {
    auto& map = std::get<Mask>(map_.component);
    map.keys = static_cast<std::size_t>(number(0, 1));
    note("keys", fmt::format("\"{}\"", Mask::axes.at(map.keys)));
    if (number(0, 2) == 0) return;
    const std::int64_t window = shape_.back();
    const std::int64_t shift = number(0, window - 1);
    map.kind = 1;
    map.window = {{window}, 2};
    map.windows = {{shape_.front()}, 2};
    map.shift = {{shift}, 2};
    note("kind", "\"shifted_windows\"");
    note("window", fmt::format("[{}]", window));
    note("windows", fmt::format("[{}]", shape_.front()));
    note("shift", fmt::format("[{}]", shift));
  }
  void conv_transposed() {
    auto& conv = std::get<ConvTransposed>(map_.component);
    conv.filters = 2 * number(1, 2);
    note("filters", std::to_string(conv.filters));
    if (shape_.size() < 2) return;
    conv.window.kernel = extent("kernel", 1, may_grow() ? 4 : 2);
    conv.window.stride = extent("stride", 1, may_grow() ? 3 : 1);
    conv.window.dilation = extent("dilation", 1, 2);
    conv.window.padding = {Padding::Kind::explicit_sizes, extent("padding", 0, 2)};
    if (number(0, 2) > 0 || shape_.front() % 2 != 0) return;
    conv.groups = 2;
    note("groups", "2");
  }
  void prelu() {
    static constexpr std::array<std::string_view, 4> scales{"0.5", "1", "3", "40"};
    auto& prelu = std::get<Prelu>(map_.component);
    prelu.per = static_cast<std::size_t>(number(0, 1));
    note("per", fmt::format("\"{}\"", Prelu::scopes.at(prelu.per)));
    if (!prelu.is_smooth) return;
    const std::string_view beta = scales.at(static_cast<std::size_t>(number(0, 3)));
    prelu.beta = Real::from_decimal(beta);
    note("beta", std::string(beta));
  }
  void adaptive() {
    std::get<AdaptiveAveragePool>(map_.component).output = extent("output", 1, may_grow() ? 6 : 3);
  }
  void scale() { number_of(std::get<FixedScale>(map_.component).by); }
  void shift() { number_of(std::get<FixedShift>(map_.component).by); }
  void number_of(std::vector<SignedReal>& by) {
    static constexpr std::array<std::string_view, 5> literals{"-0.1", "30", "0.5", "-1", "0"};
    const std::string_view literal = literals.at(static_cast<std::size_t>(number(0, 4)));
    by = {text::parse_signed({literal, false, {}, "by"})};
    note("by", std::string(literal));
  }

  std::mt19937_64& random_;
  const Sizes& shape_;
  OtherComponent map_;
};

}  // namespace

std::int64_t between(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

PlainWindow random_window(std::mt19937_64& random, const Sizes& shape, bool with_dilation) {
  static constexpr std::array<std::string_view, 5> paddings{"", "same", "valid", "sizes", "same"};
  PlainWindow window;
  window.padding = paddings.at(static_cast<std::size_t>(between(random, 0, 4)));
  const bool stride = between(random, 1, 100) <= 60;
  const bool dilation = with_dilation && between(random, 1, 100) <= 40;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    window.kernel.push_back(between(random, 1, 4));
    if (stride) window.stride.push_back(between(random, 1, 3));
    if (dilation) window.dilation.push_back(between(random, 1, 4));
    if (window.padding == "sizes") window.pads.push_back(between(random, 0, 3));
  }
  return window;
}

PlainPart random_linear_map(std::mt19937_64& random, const Sizes& shape) {
  return SettingsOfComponent(random, shape).make_linear();
}

PlainPart random_conv_transposed(std::mt19937_64& random, const Sizes& shape) {
  return SettingsOfComponent(random, shape).make_conv_transposed();
}

PlainPart random_normalization(std::mt19937_64& random, const Sizes& shape, bool flat_epsilon) {
  static constexpr std::array<std::string_view, 5> kinds{"batch_norm", "layer_norm", "group_norm",
                                                         "rms_norm", "batch_norm"};
  static constexpr std::array<std::string_view, 5> epsilons{"1e-5", "0.01", "100", "1", "3.3e-7"};
  const auto chance = [&](int percent) { return between(random, 1, 100) <= percent; };
  const auto one_of = [&](const auto& values) {
    return values[static_cast<std::size_t>(between(random, 0, std::ssize(values) - 1))];
  };
  PlainPart part;
  part.kind = one_of(kinds);
  if (part.kind == "batch_norm" && chance(60)) part.per = chance(50) ? "element" : "channel";
  const bool takes_scope = part.kind == "layer_norm" || part.kind == "rms_norm";
  if (takes_scope && chance(40)) part.per = chance(70) ? "position" : "sample";
  if (part.kind == "group_norm") part.size = shape.front() % 2 == 0 && chance(70) ? 2 : 1;
  if (chance(70)) part.epsilon = flat_epsilon && chance(30) ? "0" : one_of(epsilons);
  part.affine = chance(50);
  if (!part.affine) return part;
  part.shift = chance(60);
  if (part.shift) part.scale = chance(80);
  return part;
}

PlainPart random_prelu(std::mt19937_64& random, const Sizes& shape) {
  return SettingsOfComponent(random, shape).make_prelu();
}

PlainPart random_bending_map(std::mt19937_64& random, const Sizes& shape) {
  static constexpr std::array<std::string_view, 5> scales{"", "0.1", "1", "3", "20"};
  static constexpr std::array<std::string_view, 4> slopes{"", "0.3", "0.9", "1"};
  const auto one_of = [&](const auto& values) {
    return values[static_cast<std::size_t>(between(random, 0, std::ssize(values) - 1))];
  };
  PlainPart part;
  const std::int64_t dice = between(random, 1, 100);
  if (dice <= 50) {
    part.kind = "softplus";
    part.parameter = one_of(scales);
  } else if (dice <= 65) {
    part.kind = "smooth_leaky_relu";
    part.parameter = one_of(slopes);
  } else if (dice <= 80) {
    part.kind = "average_pool";
    part.window = random_window(random, shape, false);
    return part;
  } else {
    return random_linear_map(random, shape);
  }
  part.parameter_name = find_activation(part.kind)->parameter.name;
  return part;
}

void shuffle_layers(std::mt19937_64& random, PlainNetwork& network) {
  const std::size_t layers = network.layers.size();
  std::vector<std::size_t> place(layers);
  for (std::size_t i = 0; i < layers; ++i) place[i] = i;
  for (std::size_t i = layers - 1; i > 1; --i) {
    const auto other =
        static_cast<std::size_t>(between(random, 0, static_cast<std::int64_t>(i) - 1));
    std::swap(place[i - 1], place[other]);
  }
  std::vector<PlainLayer> moved(layers);
  for (std::size_t i = 0; i < layers; ++i) {
    PlainLayer layer = network.layers[i];
    for (int& input : layer.inputs) {
      if (input >= 0) input = static_cast<int>(place[static_cast<std::size_t>(input)]);
    }
    moved[place[i]] = layer;
  }
  network.layers = moved;
}

}  // namespace smoothbound::support
