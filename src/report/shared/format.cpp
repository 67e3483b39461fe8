#include "smoothbound/report/shared/format.hpp"

#include <algorithm>

#include "csv.hpp"
#include "forms.hpp"

namespace smoothbound {
namespace {

template <const Markup& markup>
void write_page(const Content& content, std::size_t width, const Sink& sink) {
  Page page(sink, markup, width);
  content.page(page);
}

void write_csv(const Content& content, std::size_t /*width*/, const Sink& sink) {
  content.csv(sink);
}

void write_spreadsheet(const Content& content, std::size_t /*width*/, const Sink& sink) {
  content.csv([&](std::string_view line) { sink(without_formulas(line)); });
}

void write_json(const Content& content, std::size_t /*width*/, const Sink& sink) {
  JsonWriter writer(sink, content.style);
  writer.document([&] { content.json(writer); });
}

constexpr auto format_rows = std::to_array<FormatRow>({
    {"table", ".txt", {}, "", "\n", "", write_page<plain_text>},
    {"markdown", ".md", {".md", ".markdown"}, "", "\n", "", write_page<markdown_text>},
    {"csv", ".csv", {".csv"}, "", "", "", write_csv},
    {"sheet", ".csv", {}, "", "", "", write_spreadsheet},
    {"json", ".json", {".json"}, "[", ",", "]\n", write_json},
});

consteval Format named(std::string_view name) {
  return Format(*std::ranges::find(format_rows, name, &FormatRow::name));
}

}  // namespace

constinit const Format Format::table = named("table");
constinit const Format Format::markdown = named("markdown");
constinit const Format Format::csv = named("csv");
constinit const Format Format::json = named("json");

std::span<const FormatRow> formats() { return format_rows; }

std::optional<Format> format_of_name(std::string_view path) {
  for (const FormatRow& row : format_rows) {
    for (const std::string_view ending : row.asking_for) {
      if (!ending.empty() && path.ends_with(ending)) return Format(row);
    }
  }
  return std::nullopt;
}

}  // namespace smoothbound
