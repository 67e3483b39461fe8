// Reads the settings of a component and goes on behind mistakes.
#pragma once

#include <vector>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound {

/// Reads each setting by itself, so that a mistake in one does not hide those in the next.
class CollectingReader : public SettingsVisitor {
 public:
  CollectingReader(SettingsReader& reader, MistakeList& mistakes)
      : reader_(reader), mistakes_(mistakes) {}

  void count(const SettingInfo& info, std::int64_t& value) override {
    mistakes_.attempt([&] { reader_.count(info, value); });
  }
  void count(const SettingInfo& info, std::optional<std::int64_t>& value) override {
    mistakes_.attempt([&] { reader_.count(info, value); });
  }
  void real(const SettingInfo& info, text::RealRange range, Real& value) override {
    mistakes_.attempt([&] { reader_.real(info, range, value); });
  }
  void real(const SettingInfo& info, text::RealRange range, std::optional<Real>& value) override {
    mistakes_.attempt([&] { reader_.real(info, range, value); });
  }
  void flag(const SettingInfo& info, bool& value) override {
    mistakes_.attempt([&] { reader_.flag(info, value); });
  }
  void choice(const SettingInfo& info, std::span<const std::string_view> names,
              std::size_t& value) override {
    mistakes_.attempt([&] { reader_.choice(info, names, value); });
  }
  void extent(const SettingInfo& info, Extent& value) override {
    mistakes_.attempt([&] { reader_.extent(info, value); });
  }
  void padding(const SettingInfo& info, Padding& value) override {
    mistakes_.attempt([&] { reader_.padding(info, value); });
  }
  void sizes(const SettingInfo& info, std::vector<std::int64_t>& value) override {
    mistakes_.attempt([&] { reader_.sizes(info, value); });
  }
  void numbers(const SettingInfo& info, Sign sign, std::vector<SignedReal>& value) override {
    mistakes_.attempt([&] { reader_.numbers(info, sign, value); });
  }
  void choices(const SettingInfo& info, std::span<const std::string_view> names,
               std::vector<std::size_t>& value) override {
    mistakes_.attempt([&] { reader_.choices(info, names, value); });
  }

 private:
  SettingsReader& reader_;
  MistakeList& mistakes_;
};

}  // namespace smoothbound
