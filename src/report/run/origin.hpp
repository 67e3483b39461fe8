// Where samples and parameters come from: what `run` and `train` say of them.
#pragma once

#include "shared/json.hpp"
#include "shared/page.hpp"
#include "smoothbound/runtime/run_report.hpp"

namespace smoothbound {

/// The lines on data and parameters, of `samples` samples.
void write_origin(Page& page, const SampleOrigin& data, const ParameterSource& parameters,
                  std::int64_t samples);

namespace json {

Json data(const SampleOrigin& data);
Json parameters(const ParameterSource& parameters);

}  // namespace json
}  // namespace smoothbound
