// What a result needs to be written in every format.
#pragma once

#include <functional>

#include "csv.hpp"
#include "json.hpp"
#include "page.hpp"
#include "smoothbound/report/shared/format.hpp"

namespace smoothbound {

/// A result's ways to be written, of which a format takes one.
struct Content {
  std::function<void(Page&)> page;        // sections, for people
  std::function<void(const Sink&)> csv;   // rows
  std::function<void(JsonWriter&)> json;  // members of the document
  JsonStyle style = JsonStyle::lines;
};

/// The same for all results of a type.
template <class Result>
struct Forms {
  void (*page)(const Result& result, Page& page);
  void (*csv)(const Result& result, const Sink& sink);
  void (*json)(const Result& result, JsonWriter& json);
  JsonStyle style = JsonStyle::lines;

  void write(const Result& result, Format format, const Sink& sink) const {
    format.write({[&](Page& writer) { page(result, writer); },
                  [&](const Sink& writer) { csv(result, writer); },
                  [&](JsonWriter& writer) { json(result, writer); }, style},
                 sink);
  }
};

}  // namespace smoothbound
