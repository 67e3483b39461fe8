// What a user sees of a file that is not accepted.
#pragma once

#include <string>
#include <utility>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::test {

/// The rendered messages of all mistakes in `text`; empty if there is none.
inline std::string rendered(const std::string& name, const std::string& text) {
  const Source source{name, text};
  try {
    MistakeList mistakes;
    Spec spec = read_spec(source, {}, mistakes);
    const std::int64_t batch = spec.settings.batch.value_or(default_batch);
    build_graph(std::move(spec), batch, std::move(mistakes));
  } catch (const SpecError& error) {
    return render_errors(source, error);
  }
  return "";
}

}  // namespace smoothbound::test
