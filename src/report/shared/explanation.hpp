// How the numbers of a layer came about, in every format.
#pragma once

#include <string_view>

#include "json.hpp"
#include "page.hpp"
#include "smoothbound/bounds/evaluate.hpp"

namespace smoothbound {

/// The section of a page.
void write_trace(Page& page, std::string_view layer, const rules::Trace& trace);
/// The member "explanation".
void put_trace(JsonWriter& json, std::string_view layer, const rules::Trace& trace);

}  // namespace smoothbound
