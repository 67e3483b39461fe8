// The catalogue of components and losses, and the JSON Schema of architecture files: both are made
// from the components themselves.
#pragma once

#include <string>
#include <vector>

#include "smoothbound/report/bound/writers.hpp"

namespace smoothbound {

/// All components and losses with formulas, settings, constants and sources; with `names`, only
/// those. Returns the first name that does not exist, or an empty string.
std::string write_catalogue(const std::vector<std::string>& names, const Sink& sink,
                            RemedyWords words = plain_words);
/// The same as JSON, schema "smoothbound/layers/1".
std::string write_catalogue_json(const std::vector<std::string>& names, const Sink& sink,
                                 RemedyWords words = plain_words);
/// JSON Schema (draft 7) of the architecture file.
void write_schema(const Sink& sink);

}  // namespace smoothbound
