// Where samples and parameters come from: what `run` and `train` say of them.
#pragma once

#include "shared/forms.hpp"
#include "smoothbound/report/run/run.hpp"

namespace smoothbound {

/// The lines on data and parameters, of `samples` samples.
void write_origin(Page& page, const RunData& data, const RunParameters& parameters,
                  std::int64_t samples);

/// The members "data" and "parameters".
void put_origin(JsonWriter& json, const RunData& data, const RunParameters& parameters);

}  // namespace smoothbound
