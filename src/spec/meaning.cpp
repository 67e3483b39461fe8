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
  return fmt::format("{}{:x}p{}/{:x}p{}", value.nearest < 0 ? "-" : "", value.upper.significand(),
                     value.upper.exponent(), value.lower.significand(), value.lower.exponent());
}

// A list of equal sizes fits only where the single size means the same.
std::string text_of(const Extent& extent) {
  if (!extent.is_given()) return "-";
  const std::size_t axes = extent.given == 1 ? 1 : extent.given - 1U;
  const std::span sizes(extent.sizes.data(), axes);
  const bool uniform = std::ranges::all_of(sizes, [&](auto size) { return size == sizes[0]; });
  return uniform ? std::to_string(sizes[0]) : fmt::format("{}", fmt::join(sizes, "x"));
}

std::string text_of(const SignedReal& value) {
  return (value.negative ? "-" : "") + text_of(value.magnitude);
}

// Writes each setting, and of those that came later, which are not shown at their defaults, keeps
// the texts.
class Printer : public SettingsVisitor {
 public:
  Printer(std::string& text, bool radii, std::vector<std::string> later_defaults = {})
      : text_(text), radii_(radii), later_defaults_(std::move(later_defaults)) {}

  [[nodiscard]] std::vector<std::string> take_later() { return std::move(later_); }

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
  void numbers(const SettingInfo& info, Sign /*sign*/, std::vector<SignedReal>& value) override {
    std::vector<std::string> texts;
    texts.reserve(value.size());
    for (const SignedReal& number : value) texts.push_back(text_of(number));
    put(info, fmt::format("{}", fmt::join(texts, ",")));
  }
  void choices(const SettingInfo& info, std::span<const std::string_view> names,
               std::vector<std::size_t>& value) override {
    std::string all;
    for (const std::size_t i : value) all += (all.empty() ? "" : ",") + std::string(names[i]);
    put(info, all);
  }

 private:
  void put(const SettingInfo& info, std::string_view value) {
    if (!radii_ && info.name == "radius") return;
    const std::string text = fmt::format(" {}={}", info.name, value);
    if (info.later) later_.push_back(text);
    if (std::ranges::find(later_defaults_, text) == later_defaults_.end()) text_ += text;
  }

  std::string& text_;
  bool radii_;
  std::vector<std::string> later_;
  std::vector<std::string> later_defaults_;
};

std::vector<std::string> later_defaults(std::string_view name) {
  Component prototype = *find_prototype(name);
  std::string text;
  Printer printer(text, true);
  visit_settings(prototype, printer);
  return printer.take_later();
}

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
  Printer printer(text, radii, later_defaults(name_of(component)));
  visit_settings(copy, printer);
  text += '\n';
}

void print(Composite composite, bool radii, std::string& text) {
  text += fmt::format("  {}", name_of(composite));
  if (const bool* bias = bias_of(composite)) text += *bias ? " bias" : " no bias";
  Printer printer(text, radii);
  visit_settings(composite, printer);
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
    if (layer.share) text += " share " + text_of(layer.share->name);
    text += '\n';
    if (layer.composite) print(layer.composite->composite, radii, text);
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
  if (settings.loss->takes(label_radius_setting)) {
    text += fmt::format("label_radius {}\n", text_of(settings.label_radius));
  }
  if (settings.loss->takes(threshold_setting)) {
    text += fmt::format("threshold {}\n", text_of(settings.threshold));
  }
  // Those who say nothing keep the digest from before it existed.
  if (settings.loss->takes(label_smoothing_setting) && !settings.label_smoothing.upper.is_zero()) {
    text += fmt::format("label_smoothing {}\n", text_of(settings.label_smoothing));
  }
  // No bound depends on it, and those who say nothing keep the digest from before it existed.
  if (settings.loss->takes(clusters_setting) && settings.clusters != default_clusters) {
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
