// The settings of a component, declared once: read from a file, listed in the catalogue and turned
// into a JSON Schema through the same declaration.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// Sizes along the spatial axes: one number for all of them, [length], [height,
/// width] or [depth, height, width].
struct Extent {
  std::array<std::int64_t, Shape::most_spatial_axes> sizes{};
  std::uint8_t given = 0;  // 0: not given; 1: one number for all axes; 2, 3: a list of 1 to 3

  static constexpr Extent uniform(std::int64_t size) { return {{size, size, size}, 1}; }
  [[nodiscard]] constexpr bool is_given() const { return given != 0; }
  [[nodiscard]] constexpr std::int64_t operator[](int axis) const {
    return sizes[static_cast<std::size_t>(axis)];
  }
  /// Whether it fits a shape with that many spatial axes.
  [[nodiscard]] constexpr bool fits(int spatial_rank) const {
    return given <= 1 || given - 1 == spatial_rank;
  }
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// Zeros around an input: as many as the numbers say, none, or such that the output has
/// ceil(input / stride) positions.
struct Padding {
  enum class Kind : std::uint8_t { explicit_sizes, valid, same };
  Kind kind = Kind::valid;
  Extent sizes = Extent::uniform(0);
};

/// What a declaration says of a setting.
struct SettingInfo {
  std::string_view name;
  std::string_view description;
  bool required = false;
  /// `component: value` means `component: {name: value}`.
  bool shorthand = false;
  /// Of a number that may stand alone: what is not small is probably meant for something else.
  bool is_small = false;
  /// Of a count or an extent; `text::any_integer`: none.
  std::int64_t smallest = 1;
  /// The flag without which it means nothing; empty: none.
  std::string_view only_with = {};
  /// What everybody takes for the default: it is no assumption that a report has to tell.
  bool usual = false;
  /// It came after its component: networks that do not give it keep their digests.
  bool later = false;
};

/// Of the numbers of a list.
enum class Sign : std::uint8_t { any, non_negative };

/// What files of weights call the arrays of a component: a key of a layer, for what begins it, and
/// beside the settings of what stands in `then`.
constexpr std::string_view weights_key = "weights";

/// The keys of a layer that are not components.
constexpr std::array<std::string_view, 7> layer_keys{"name", "from",  "radius",   "bias",
                                                     "then", "share", weights_key};

/// Sees the settings of a component one after the other, each with the member that holds it. A
/// member's value before the visit is the default.
class SettingsVisitor {
 public:
  SettingsVisitor() = default;
  SettingsVisitor(const SettingsVisitor&) = delete;
  SettingsVisitor& operator=(const SettingsVisitor&) = delete;
  virtual ~SettingsVisitor() = default;

  virtual void count(const SettingInfo& info, std::int64_t& value) = 0;
  virtual void count(const SettingInfo& info, std::optional<std::int64_t>& value) = 0;
  virtual void real(const SettingInfo& info, text::RealRange range, Real& value) = 0;
  virtual void real(const SettingInfo& info, text::RealRange range, std::optional<Real>& value) = 0;
  virtual void flag(const SettingInfo& info, bool& value) = 0;
  virtual void choice(const SettingInfo& info, std::span<const std::string_view> names,
                      std::size_t& value) = 0;
  virtual void extent(const SettingInfo& info, Extent& value) = 0;
  virtual void padding(const SettingInfo& info, Padding& value) = 0;
  /// A list of sizes.
  virtual void sizes(const SettingInfo& info, std::vector<std::int64_t>& value) = 0;
  /// A list of numbers, or a single one. Empty: not given.
  virtual void numbers(const SettingInfo& info, Sign sign, std::vector<SignedReal>& value) = 0;
  /// A list of words, as indices into `names`.
  virtual void choices(const SettingInfo& info, std::span<const std::string_view> names,
                       std::vector<std::size_t>& value) = 0;
};

/// Reads the settings from a document: from a mapping, from the bare value of the shorthand
/// setting, or (no value) all defaults.
class SettingsReader : public SettingsVisitor {
 public:
  /// `component` names it in messages; `place` is where it stands.
  SettingsReader(std::optional<text::Value> value, std::string_view component, Location place);

  void count(const SettingInfo& info, std::int64_t& value) override;
  void count(const SettingInfo& info, std::optional<std::int64_t>& value) override;
  void real(const SettingInfo& info, text::RealRange range, Real& value) override;
  void real(const SettingInfo& info, text::RealRange range, std::optional<Real>& value) override;
  void flag(const SettingInfo& info, bool& value) override;
  void choice(const SettingInfo& info, std::span<const std::string_view> names,
              std::size_t& value) override;
  void extent(const SettingInfo& info, Extent& value) override;
  void padding(const SettingInfo& info, Padding& value) override;
  void sizes(const SettingInfo& info, std::vector<std::int64_t>& value) override;
  void numbers(const SettingInfo& info, Sign sign, std::vector<SignedReal>& value) override;
  void choices(const SettingInfo& info, std::span<const std::string_view> names,
               std::vector<std::size_t>& value) override;

  /// Throws SpecError for settings that the component does not have.
  void finish() const;
  /// The value of a key that is no setting, if it is there.
  std::optional<text::Value> take(std::string_view key);
  /// Whether `name` was given.
  [[nodiscard]] bool was_given(std::string_view name) const;

 private:
  std::optional<text::Value> find(const SettingInfo& info);

  std::optional<text::Value> bare_;
  std::optional<text::Fields> fields_;
  std::string_view component_;
  Location place_;
  bool bare_used_ = false;
  std::vector<std::string_view> given_;
};

}  // namespace smoothbound
