// How the numbers of a value at different levels bound each other, and how tables keep them.
#include <algorithm>

#include "smoothbound/rules/value.hpp"

namespace smoothbound::rules {
namespace {

void fill_from_coarser(const LevelSet& kept, PerLevel<Magnitude>& numbers) {
  if (!kept.has(per_sample)) numbers[per_sample] = numbers[euclidean];
  if (!kept.has(per_position)) numbers[per_position] = numbers[euclidean];
  if (!kept.has(per_token)) {
    numbers[per_token] = std::min(numbers[per_sample], numbers[per_position]);
  }
  if (!kept.has(maximum)) numbers[maximum] = numbers[per_token];
  if (!kept.has(centred_euclidean)) numbers[centred_euclidean] = numbers[euclidean];
  if (!kept.has(centred_position)) numbers[centred_position] = numbers[per_position];
  if (!kept.has(largest_of_rows)) numbers[largest_of_rows] = numbers[per_sample];
  if (!kept.has(sum_of_columns)) numbers[sum_of_columns] = Magnitude::infinity();
}

void lower(Magnitude& number, const Magnitude& bound) { number = std::min(number, bound); }

// A cell's numbers that tell no positions are those of the whole.
void take_whole(PerLevel<Magnitude>& z, const PerLevel<Magnitude>& all) {
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!tells_positions(level)) z[level] = all[level];
  }
  z[maximum] = all[maximum];
}

}  // namespace

// Of how many entries a value has along each axis.
struct Value::Roots {
  explicit Roots(const Extents& extents)
      : samples(square_root(Magnitude::from_count(extents.samples))),
        positions(square_root(Magnitude::from_count(extents.positions))),
        channels(square_root(Magnitude::from_count(extents.channels))),
        row(square_root(Magnitude::from_count(extents.row))),
        rows(square_root(Magnitude::from_count(extents.channels) *
                         Magnitude::from_count(extents.positions / extents.row))) {}
  Magnitude samples, positions, channels;
  Magnitude row, rows;  // entries of a row, and how many rows there are
};

void Value::relax_alone(std::size_t k, const Roots& roots) {
  const LevelSet& kept = level_set_;
  PerLevel<Magnitude>& z = number(k);
  fill_from_coarser(kept, z);
  const bool has_rows = kept.has(largest_of_rows);
  // From the finest one up, then down: the closure of all inequalities.
  if (kept.has(sum_of_columns)) lower(z[maximum], z[sum_of_columns]);
  if (kept.has(maximum)) lower(z[per_token], roots.channels * z[maximum]);
  if (has_rows) {
    if (kept.has(maximum)) lower(z[largest_of_rows], roots.rows * z[maximum]);
    lower(z[largest_of_rows], roots.rows * z[per_token]);
    lower(z[per_token], z[largest_of_rows]);
    lower(z[per_sample], roots.row * z[largest_of_rows]);
  }
  lower(z[per_sample], roots.positions * z[per_token]);
  lower(z[per_position], roots.samples * z[per_token]);
  lower(z[euclidean], roots.samples * z[per_sample]);
  lower(z[euclidean], roots.positions * z[per_position]);
  lower(z[per_sample], z[euclidean]);
  lower(z[per_position], z[euclidean]);
  lower(z[per_token], std::min(z[per_sample], z[per_position]));
  if (has_rows) {
    lower(z[largest_of_rows], std::min(z[per_sample], roots.rows * z[per_token]));
    lower(z[sum_of_columns], roots.rows * z[largest_of_rows]);
  }
  lower(z[maximum], z[per_token]);
  if (kept.has(centred_euclidean)) {
    lower(z[centred_euclidean], std::min(z[euclidean], roots.positions * z[centred_position]));
    lower(z[centred_position], std::min(z[per_position], z[centred_euclidean]));
  }
  fill_from_coarser(kept, z);
}

void Value::fill_others() {
  for (Value& cell : cells_) {
    cell.fill_others();
    // No entry exceeds its own position.
    for (std::size_t k = 0; k < cell.numbers(); ++k) {
      lower(cell.number(k)[maximum], cell.number(k)[per_token]);
    }
  }
  for (std::size_t k = 0; k < numbers(); ++k) {
    PerLevel<Magnitude>& all = number(k);
    for (std::size_t level = 0; level < levels.size() && !cells_.empty(); ++level) {
      if (!tells_positions(level) || !level_set_.has(level)) continue;
      all[level] = {};
      for (Value& cell : cells_) all[level] = std::max(all[level], cell.number(k)[level]);
    }
    fill_from_coarser(level_set_, all);
  }
}

// Work is bounded: lists of very many blocks are given up, and of many in many cells these become
// one, as blocks say more than cells.
void Value::limit_blocks() {
  constexpr std::size_t most_in_cells = 4096;
  if (blocks_.size() > most_listed_blocks) return forget_blocks();
  if (blocks_.size() * cells_.size() <= most_in_cells) return;
  fill_others();
  divide(nullptr);
}

void Value::relax(const Extents& extents) {
  limit_blocks();
  if (level_set_.is_euclidean_alone()) return fill_others();
  if (!cells_.empty()) return relax_cells(extents);
  const Roots roots(extents);
  for (std::size_t k = 0; k < numbers(); ++k) relax_alone(k, roots);
}

// Sums over positions are those over cells; first each cell's numbers bound each other, otherwise
// the sums would not be the smallest.
void Value::sum_cells(std::size_t k, const Roots& roots) {
  PerLevel<Magnitude>& all = number(k);
  const bool has_rows = level_set_.has(largest_of_rows);
  Magnitude tokens;  // sums of squares over positions
  Magnitude positions;
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    PerLevel<Magnitude>& z = cells_[c].number(k);
    if (!level_set_.has(per_token)) z[per_token] = z[per_position];
    if (level_set_.has(maximum)) lower(z[per_token], roots.channels * all[maximum]);
    if (has_rows) lower(z[per_token], all[largest_of_rows]);
    lower(z[per_position], roots.samples * z[per_token]);
    lower(z[per_token], z[per_position]);
    const Magnitude& size = classes_->size(c);
    tokens += size * (z[per_token] * z[per_token]);
    positions += size * (z[per_position] * z[per_position]);
  }
  lower(all[per_sample], square_root(tokens));
  if (has_rows) lower(all[per_sample], roots.row * all[largest_of_rows]);
  lower(all[euclidean], std::min(roots.samples * all[per_sample], square_root(positions)));
  lower(all[per_sample], all[euclidean]);
}

void Value::sum_centred_cells(std::size_t k) {
  PerLevel<Magnitude>& all = number(k);
  Magnitude centred;
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    PerLevel<Magnitude>& z = cells_[c].number(k);
    lower(z[centred_position], z[per_position]);
    centred += classes_->size(c) * (z[centred_position] * z[centred_position]);
  }
  lower(all[centred_euclidean], std::min(all[euclidean], square_root(centred)));
  for (Value& cell : cells_) lower(cell.number(k)[centred_position], all[centred_euclidean]);
}

void Value::relax_cells(const Extents& extents) {
  const Roots roots(extents);
  for (std::size_t k = 0; k < numbers(); ++k) {
    PerLevel<Magnitude>& all = number(k);
    fill_from_coarser(level_set_, all);
    if (level_set_.has(sum_of_columns)) lower(all[maximum], all[sum_of_columns]);
    sum_cells(k, roots);
    Magnitude token;
    for (Value& cell : cells_) {
      PerLevel<Magnitude>& z = cell.number(k);
      lower(z[per_position], all[euclidean]);
      lower(z[per_token], std::min(z[per_position], all[per_sample]));
      token = std::max(token, z[per_token]);
    }
    if (level_set_.has(centred_euclidean)) sum_centred_cells(k);
    lower(all[maximum], token);
    if (level_set_.has(largest_of_rows)) {
      lower(all[largest_of_rows], std::min(all[per_sample], roots.rows * token));
      if (level_set_.has(maximum)) lower(all[largest_of_rows], roots.rows * all[maximum]);
      lower(all[sum_of_columns], roots.rows * all[largest_of_rows]);
    }
    for (Value& cell : cells_) take_whole(cell.number(k), all);
  }
  fill_others();
}

PackedValue::PackedValue(Value value)
    : classes_(value.shared_classes()), knows_blocks_(value.knows_blocks()) {
  for (std::size_t i = 0; i < value.groups(); ++i) labels_.push_back(value.label(i));
  for (const BlockBound& block : value.blocks()) blocks_.push_back({block.block, block.radius});
  const std::span<const Value> cells = value.cells();
  for (std::size_t k = 0; k < value.numbers(); ++k) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (!value.level_set().has(level)) continue;
      if (cells.empty() || !tells_positions(level)) {
        numbers_.push_back(value.number(k)[level]);
        continue;
      }
      for (const Value& cell : cells) numbers_.push_back(cell.number(k)[level]);
    }
  }
}

Value PackedValue::unpack(LevelSet level_set) const {
  Value value(level_set);
  for (const Label label : labels_) value.find_or_add(label);
  value.divide(classes_);
  if (knows_blocks_) {
    std::vector<BlockBound> blocks;
    for (const BlockKey& key : blocks_) blocks.push_back({key.block, key.radius, {}, {}});
    for (std::size_t c = 0; c < value.cells().size(); ++c) {
      value.cell(c).set_blocks(blocks);
    }
    value.set_blocks(std::move(blocks));
  }
  auto next = numbers_.begin();
  for (std::size_t k = 0; k < value.numbers(); ++k) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (!level_set.has(level)) continue;
      const bool in_cells = !value.cells().empty() && tells_positions(level);
      if (!in_cells) value.number(k)[level] = *next++;
      for (std::size_t c = 0; c < value.cells().size(); ++c) {
        value.cell(c).number(k)[level] = in_cells ? *next++ : value.number(k)[level];
      }
    }
  }
  value.fill_others();
  return value;
}

}  // namespace smoothbound::rules
