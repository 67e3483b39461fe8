#include "explanation.hpp"

#include <fmt/format.h>

#include "words.hpp"

namespace smoothbound {
namespace {

void put_trace_line(JsonWriter& json, const rules::TraceLine& line) {
  if (line.symbol.empty()) {
    return json.object({{"component", line.formula}, {"formula", line.source}});
  }
  json.object([&] {
    json.member("symbol", line.symbol);
    json.member("formula", line.formula);
    json.member("value", json::quantity(line.value, line.source));
    json.member("source", line.source);
  });
}

}  // namespace

void write_trace(Page& page, std::string_view layer, const rules::Trace& trace) {
  page.heading(fmt::format("how '{}' came about", page.foreign(layer)));
  Grid grid({{"symbol", Align::left, Fit::key},
             {"value", Align::right},
             {"formula", Align::left, Fit::wrap},
             {"source", Align::left, Fit::wrap}});
  for (const rules::TraceLine& line : trace.lines) {
    if (line.symbol.empty()) {
      grid.add_row({"", "", "-- " + line.formula + " --", line.source});
    } else {
      grid.add_row(
          {line.symbol, line.value.to_text(words::digits_for_people), line.formula, line.source});
    }
  }
  page.grid(grid);
  for (const std::string& sentence : trace.conclusions) page.paragraph(sentence);
}

void put_trace(JsonWriter& json, std::string_view layer, const rules::Trace& trace) {
  json.object("explanation", [&] {
    json.member("layer", layer);
    json.list("lines", trace.lines,
              [&](const rules::TraceLine& line) { put_trace_line(json, line); });
    json.member("conclusions", trace.conclusions);
  });
}

}  // namespace smoothbound
