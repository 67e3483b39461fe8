// What a result needs to be written in every format.
#pragma once

#include "csv.hpp"
#include "json.hpp"
#include "page.hpp"
#include "smoothbound/report/shared/format.hpp"

namespace smoothbound {

template <class Result>
struct Forms {
  void (*page)(const Result& result, Page& page);  // the table, and Markdown
  void (*csv)(const Result& result, const Sink& sink);
  void (*json)(const Result& result, JsonWriter& json);  // members of the document
  JsonStyle style = JsonStyle::lines;

  void write(const Result& result, Format format, const Sink& sink) const {
    if (format == Format::csv) return csv(result, sink);
    if (format == Format::json) {
      JsonWriter writer(sink, style);
      return writer.document([&] { json(result, writer); });
    }
    Page writer(sink, format == Format::table ? plain_text : markdown_text);
    page(result, writer);
  }
};

}  // namespace smoothbound
