// What a chain of dense layers costs per layer: from text to table, in time and in memory.
#pragma once

#include <cstdint>

enum class Format : std::uint8_t { json, yaml };

/// Nanoseconds and bytes per layer.
struct ChainCost {
  double text_bytes = 0;  // of the file
  double parse = 0;       // text -> document
  double read = 0;        // text -> document -> Spec
  double bounds = 0;      // text -> document -> Spec -> graph -> sharp bounds
  double whole = 0;       // text -> report, with all of the above -> table, written to nowhere
  double memory = 0;      // peak resident memory of the whole, beyond that of the text
};

/// The best of `repeats` measurements of a chain of `layers` layers. Runs in processes of its own,
/// so that neither memory nor its high-water mark is inherited from an earlier measurement.
ChainCost measure_chain(Format format, std::int64_t layers, int repeats);
