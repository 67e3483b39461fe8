// Mistakes in a text beside the architecture, with that text.
#pragma once

#include <stdexcept>
#include <utility>

#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {

/// What is wrong with a text that is read for another one.
class SourceErrors : public std::runtime_error {
 public:
  SourceErrors(Source text, const SpecError& error)
      : std::runtime_error(error.what()), source(std::move(text)), errors(all_of(error)) {}

  Source source;
  SpecErrors errors;

 private:
  static SpecErrors all_of(const SpecError& error) {
    const auto* const several = dynamic_cast<const SpecErrors*>(&error);
    return several == nullptr ? SpecErrors({error}) : *several;
  }
};

}  // namespace smoothbound
