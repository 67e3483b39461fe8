// Remedies of the library by the options that are their names here, and messages with them.
#pragma once

#include <string>
#include <string_view>

#include "smoothbound/rules/remedy.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::cli {

/// The one place where the library's advice becomes options.
std::string_view option_words(Remedy remedy);

inline std::string render(const Source& source, const SpecError& error) {
  return render_errors(source, error, option_words);
}
inline std::string render(const DataError& error) { return render_error(error, option_words); }

}  // namespace smoothbound::cli
