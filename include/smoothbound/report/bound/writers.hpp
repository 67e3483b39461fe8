// From a Report to text, one function for each format.
#pragma once

#include <functional>
#include <string_view>

#include "smoothbound/bounds/report.hpp"

namespace smoothbound {

/// Takes the next piece of the text; may throw to stop.
using Sink = std::function<void(std::string_view)>;

/// Aligned columns for people; numbers have 6 significant digits, rounded up (step sizes: down).
void write_table(const Report& report, const Sink& sink);
/// The same as GitHub-flavoured Markdown.
void write_markdown(const Report& report, const Sink& sink);
/// One row for each layer, network and objective, with log10 columns; 17 digits. `header`: begin
/// with the row of column names.
void write_csv(const Report& report, bool header, const Sink& sink);
/// The contract of docs/json.md, schema "smoothbound/bound/1"; 17 digits.
void write_json(const Report& report, const Sink& sink);

}  // namespace smoothbound
