// The catalogue of components and losses, and the JSON Schema of architecture files: both are made
// from the components themselves.
#pragma once

#include <string>
#include <vector>

#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/rules/remedy.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// The components and losses of these names; without any, all.
struct Catalogue {
  std::vector<std::string> names;
  RemedyWords words = plain_words;
};

/// The first name that does not exist, or an empty string.
std::string find_unknown(const Catalogue& catalogue);
/// Formulas, settings, constants and sources. JSON: schema "smoothbound/layers/1".
void write(const Catalogue& catalogue, Format format, const Sink& sink);
/// JSON Schema (draft 7) of the architecture file.
void write_schema(const Sink& sink);

}  // namespace smoothbound
