// Statistics of batch norms for a graph before it is bounded: `ReportOptions::adapt`.
#pragma once

#include <string>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/runtime/parameters.hpp"

namespace smoothbound {

/// Fixes statistics out of files, where these are named: those of `statistics` for all batch norms,
/// else those that batch norms lack out of that of the weights. A model of another program keeps
/// its own only where the file has none; an architecture keeps all that it gives, and notes say
/// which of the weights' are not used. Throws as `read_statistics`.
GraphAdapter statistics_of_files(ParameterSource parameters, std::string statistics = {});

/// Fixes some statistics where they are lacking, for what does not depend on their numbers.
GraphAdapter any_statistics();

}  // namespace smoothbound
