// What the JSON formats share: quantities, settings, architectures, and how they become text.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "text.hpp"

namespace smoothbound::json {

using Json = nlohmann::ordered_json;

/// A quantity: text with 17 digits, logarithm, and the reason if it is infinite (or zero for want
/// of a finite divisor).
template <Rounding d>
Json quantity(const Bound<d>& value, const std::string& reason) {
  const double log10 = value.log10();
  Json json{{"text", value.to_text(text::digits_for_machines)},
            {"log10", std::isfinite(log10) ? Json(log10) : Json(nullptr)}};
  if (!reason.empty() && (value.is_infinite() || value.is_zero())) json["reason"] = reason;
  return json;
}

/// Name, file, digest and number of parameters.
Json architecture(const Report& report);
/// Everything besides the file that the numbers depend on.
Json settings(const Report& report);
/// ASCII only: what a name holds reaches no terminal. The name of a file need not be UTF-8.
std::string dump(const Json& json);
/// A member of an object that is written piece by piece.
void put(const Sink& sink, std::string_view key, const Json& value);

}  // namespace smoothbound::json
