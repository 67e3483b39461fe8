// What the JSON formats share: quantities, settings, architectures.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/text/json_writer.hpp"
#include "words.hpp"

namespace smoothbound::json {

/// A quantity: text with 17 digits, logarithm, and a reason if there is one.
struct Quantity {
  std::optional<std::string> text;
  double log10 = std::numeric_limits<double>::quiet_NaN();
  std::string reason;

  void operator()(JsonWriter& json) const;
};

/// `reason` tells why it is infinite (or zero for want of a finite divisor).
template <Rounding d>
Quantity quantity(const Bound<d>& value, std::string reason = {}) {
  if (value.is_finite() && !value.is_zero()) reason.clear();
  return {value.to_text(words::digits_for_machines), value.log10(), std::move(reason)};
}

/// The first members of a document.
void head(JsonWriter& json, std::string_view schema);
/// The member "architecture": name, file, digest and number of parameters.
void architecture(JsonWriter& json, const Report& report);
/// Everything besides the file that the numbers depend on: members but those that are left out.
void settings(JsonWriter& json, const Report& report,
              const std::vector<std::string_view>& left_out = {});

}  // namespace smoothbound::json
