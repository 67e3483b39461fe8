#include "component_defaults.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smoothbound {
namespace {

class DefaultsVisitor : public SettingsVisitor {
 public:
  DefaultsVisitor(std::string_view component, const SettingsReader& reader,
                  std::vector<ComponentDefault>& defaults)
      : component_(component), reader_(reader), defaults_(defaults) {}

  void count(const SettingInfo& /*info*/, std::int64_t& /*value*/) override {}
  void count(const SettingInfo& /*info*/, std::optional<std::int64_t>& /*value*/) override {}
  void real(const SettingInfo& info, text::RealRange /*range*/, Real& value) override {
    note(info, [&] { return fmt::format("{}", value.nearest); });
  }
  void real(const SettingInfo& /*info*/, text::RealRange /*range*/,
            std::optional<Real>& /*value*/) override {}
  void flag(const SettingInfo& info, bool& value) override {
    note(info, [&] { return std::string(value ? "true" : "false"); });
    if (!value) off_.push_back(info.name);
  }
  void choice(const SettingInfo& info, std::span<const std::string_view> names,
              std::size_t& value) override {
    note(info, [&] { return std::string(names[value]); });
  }
  void extent(const SettingInfo& /*info*/, Extent& /*value*/) override {}
  void padding(const SettingInfo& /*info*/, Padding& /*value*/) override {}
  void sizes(const SettingInfo& /*info*/, std::vector<std::int64_t>& /*value*/) override {}
  void numbers(const SettingInfo& /*info*/, Sign /*sign*/,
               std::vector<SignedReal>& /*value*/) override {}
  void choices(const SettingInfo& /*info*/, std::span<const std::string_view> /*names*/,
               std::vector<std::size_t>& /*value*/) override {}

 private:
  template <class Text>
  void note(const SettingInfo& info, const Text& text) {
    if (info.required || info.usual || reader_.was_given(info.name)) return;
    if (std::ranges::find(off_, info.only_with) != off_.end()) return;
    const bool known = std::ranges::any_of(defaults_, [&](const ComponentDefault& other) {
      return other.component == component_ && other.setting == info.name;
    });
    if (!known) defaults_.push_back({component_, info.name, text(), info.description});
  }

  std::string_view component_;
  const SettingsReader& reader_;
  std::vector<ComponentDefault>& defaults_;
  std::vector<std::string_view> off_;  // flags
};

template <class Part>
void note_defaults_of(Part part, const SettingsReader& reader,
                      std::vector<ComponentDefault>& defaults) {
  DefaultsVisitor visitor(name_of(part), reader, defaults);
  visit_settings(part, visitor);
}

}  // namespace

void note_defaults(const Component& component, const SettingsReader& reader,
                   std::vector<ComponentDefault>& defaults) {
  note_defaults_of(component, reader, defaults);
}

void note_defaults(const Composite& composite, const SettingsReader& reader,
                   std::vector<ComponentDefault>& defaults) {
  note_defaults_of(composite, reader, defaults);
}

}  // namespace smoothbound
