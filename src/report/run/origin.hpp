// Where samples and parameters come from: what `run` and `train` say of them.
#pragma once

#include "shared/forms.hpp"
#include "smoothbound/runtime/run_report.hpp"

namespace smoothbound {

/// The lines on data, of `samples` samples.
void write_samples(Page& page, const SampleOrigin& data, std::int64_t samples);
/// The lines on data and parameters, of `samples` samples.
void write_origin(Page& page, const SampleOrigin& data, const ParameterSource& parameters,
                  std::int64_t samples);

/// The member "data".
void put_samples(JsonWriter& json, const SampleOrigin& data);
/// The members "data" and "parameters", the latter with the file of batch norm's statistics if
/// there is one.
void put_origin(JsonWriter& json, const SampleOrigin& data, const ParameterSource& parameters,
                const std::string& statistics = {});

}  // namespace smoothbound
