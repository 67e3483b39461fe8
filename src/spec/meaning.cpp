#include "smoothbound/spec/meaning.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "smoothbound/text/digest.hpp"

namespace smoothbound {
namespace {

// With its length in front, so that no name can pass for what follows it.
std::string text_of(std::string_view text) { return fmt::format("{}:{}", text.size(), text); }

// Both ends of the enclosure: equal for 1e-2 and 0.01, different as soon as a bound may differ.
std::string text_of(const Real& value) {
  return fmt::format("{:x}p{}/{:x}p{}", value.upper.significand(), value.upper.exponent(),
                     value.lower.significand(), value.lower.exponent());
}

// A list of equal sizes fits only where the single size means the same.
std::string text_of(const Extent& extent) {
  if (!extent.is_given()) return "-";
  const std::size_t axes = extent.given == 1 ? 1 : extent.given - 1U;
  const std::span sizes(extent.sizes.data(), axes);
  const bool uniform = std::ranges::all_of(sizes, [&](auto size) { return size == sizes[0]; });
  return uniform ? std::to_string(sizes[0]) : fmt::format("{}", fmt::join(sizes, "x"));
}

class Printer : public SettingsVisitor {
 public:
  explicit Printer(bool radii) : radii_(radii) {}

  [[nodiscard]] const std::vector<std::string>& settings() const { return settings_; }
  /// Whether the setting is left out where it has its default.
  [[nodiscard]] bool is_unsaid(std::size_t i) const { return unsaid_[i]; }

  void count(const SettingInfo& info, std::int64_t& value) override {
    put(info, std::to_string(value));
  }
  void count(const SettingInfo& info, std::optional<std::int64_t>& value) override {
    put(info, value ? std::to_string(*value) : "-");
  }
  void real(const SettingInfo& info, text::RealRange /*range*/, Real& value) override {
    put(info, text_of(value));
  }
  void real(const SettingInfo& info, text::RealRange /*range*/,
            std::optional<Real>& value) override {
    put(info, value ? text_of(*value) : "-");
  }
  void flag(const SettingInfo& info, bool& value) override { put(info, value ? "true" : "false"); }
  void choice(const SettingInfo& info, std::span<const std::string_view> names,
              std::size_t& value) override {
    put(info, names[value]);
  }
  void extent(const SettingInfo& info, Extent& value) override { put(info, text_of(value)); }
  void padding(const SettingInfo& info, Padding& value) override {
    const std::string sizes = text_of(value.sizes);
    const bool same = value.kind == Padding::Kind::same;
    put(info, same ? "same" : value.kind == Padding::Kind::valid ? "0" : sizes);
  }
  void sizes(const SettingInfo& info, std::vector<std::int64_t>& value) override {
    put(info, fmt::format("{}", fmt::join(value, "x")));
  }

 private:
  void put(const SettingInfo& info, std::string_view value) {
    if (!radii_ && info.name == "radius") return;
    settings_.push_back(fmt::format(" {}={}", info.name, value));
    unsaid_.push_back(info.unsaid);
  }

  bool radii_;
  std::vector<std::string> settings_;
  std::vector<bool> unsaid_;
};

// Writes defaults out and takes away what only checks the file.
template <class T>
void normalize(T& component) {
  if constexpr (requires { component.inputs.reset(); }) component.inputs.reset();
  if constexpr (requires { component.window.stride_is_kernel; }) {
    Window& window = component.window;
    if (!window.stride.is_given()) {
      window.stride = window.stride_is_kernel ? window.kernel : Extent::uniform(1);
    }
  }
}

void print(const Component& component, bool radii, std::string& text) {
  Component copy = component;
  text += fmt::format("  {}", name_of(copy));
  std::visit(
      [&](auto& c) {
        normalize(c);
        if constexpr (BiasedType<std::remove_cvref_t<decltype(c)>>) {
          text += c.bias ? " bias" : " no bias";
        }
      },
      copy);
  Printer given(radii);
  visit_settings(copy, given);
  Component standard = *find_prototype(name_of(copy));
  Printer defaults(radii);
  visit_settings(standard, defaults);
  for (std::size_t i = 0; i < given.settings().size(); ++i) {
    const std::string& setting = given.settings()[i];
    if (!given.is_unsaid(i) || setting != defaults.settings()[i]) text += setting;
  }
  text += '\n';
}

std::string structure_of(const Spec& spec, bool radii) {
  std::string text = fmt::format("input {}\n", spec.input.to_text());
  std::string_view before = input_name;
  for (const LayerSpec& layer : spec.layers) {
    text += fmt::format("layer {} radius {} from", text_of(layer.name),
                        radii && layer.radius ? text_of(*layer.radius) : "-");
    for (const Reference& input : layer.inputs) text.append(1, ' ').append(text_of(input.name));
    if (layer.inputs.empty()) text.append(1, ' ').append(text_of(before));
    text += '\n';
    for (const PlacedComponent& placed : layer.components) print(placed.component, radii, text);
    before = layer.name;
  }
  return text;
}

std::string settings_of(const Spec& spec) {
  const ResolvedSettings settings =
      resolve(spec.settings, spec.sample_norm_location.value_or(Location{}));
  std::string text = fmt::format("batch {}\nradius {}\ninput_norm {}\nsample_norm {}\n",
                                 settings.batch, text_of(settings.radius),
                                 text_of(settings.input_norm), text_of(settings.sample_norm));
  if (settings.loss == nullptr) return text;
  text += fmt::format("loss {}\n", settings.loss->name);
  if (settings.loss->setting == label_radius_setting) {
    text += fmt::format("label_radius {}\n", text_of(settings.label_radius));
  }
  // No bound depends on it, and those who say nothing keep the digest from before it existed.
  if (settings.loss->setting == clusters_setting && settings.clusters != default_clusters) {
    text += fmt::format("clusters {}\n", settings.clusters);
  }
  return text + fmt::format("regularizer {}\ninitial_gap {}\naccuracy {}\nvariance {}\n",
                            text_of(settings.regularizer), text_of(settings.initial_gap),
                            text_of(settings.accuracy), text_of(settings.variance));
}

}  // namespace

Meaning meaning_of(const Spec& spec) {
  const std::string structure = structure_of(spec, true);
  return {sha256(settings_of(spec) + structure), sha256(structure),
          sha256(structure_of(spec, false))};
}

}  // namespace smoothbound
