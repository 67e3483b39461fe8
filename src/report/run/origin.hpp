// Where samples and parameters come from: what `run` and `train` say of them.
#pragma once

#include "shared/json.hpp"
#include "shared/page.hpp"
#include "smoothbound/report/run/run.hpp"

namespace smoothbound {

/// The lines on data and parameters, of `samples` samples.
void write_origin(Page& page, const RunData& data, const RunParameters& parameters,
                  std::int64_t samples);

namespace json {

Json data(const RunData& data);
Json parameters(const RunParameters& parameters);

}  // namespace json
}  // namespace smoothbound
