import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { file } from './vectors.testing.js';

/*
 * Where each case of BehaveNet's numbers is tested. loss.suite.testing.ts runs on native, wasm and cpu; the others have no
 * tensors, but for the optimiser, whose numbers lie in amsgrad.json for @trawl/nn.
 */

const SUITE = 'loss.suite.testing.ts';
const inputs = 'vectors.testing.ts';

/** Of each case the file that tests it, and what of it stands there. */
const WHERE: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'A_inputs.x': [inputs, 'input.x)'],
  'A_inputs.x_hat': [inputs, 'input.x_hat'],
  'A_inputs.x_mask': [inputs, 'input.x_mask'],
  'A_inputs.y': [inputs, 'input.y)'],
  'A_inputs.y_hat': [inputs, 'input.y_hat'],
  'A_inputs.y_mask': [inputs, 'input.y_mask'],
  'A_inputs.mu': [SUITE, "'mu'"],
  'A_inputs.logvar': [SUITE, "'logvar'"],
  'A_inputs.eps': [inputs, 'input.eps'],
  'A_inputs.z_behavenet': [SUITE, "'z_behavenet'"],
  'A_inputs.z_textbook': [SUITE, "'z_textbook'"],
  'A_losses.gaussian_ll_frames': [SUITE, 'A.gaussian_ll_frames.'],
  'A_losses.gaussian_ll_frames_masked': [SUITE, 'A.gaussian_ll_frames_masked'],
  'A_losses.gaussian_ll_frames_std0p1': [SUITE, 'A.gaussian_ll_frames_std0p1'],
  'A_losses.gaussian_ll_labels': [SUITE, 'A.gaussian_ll_labels.'],
  'A_losses.gaussian_ll_labels_masked': [SUITE, 'A.gaussian_ll_labels_masked'],
  'A_losses.mse_frames': [SUITE, 'A.mse_frames.'],
  'A_losses.mse_frames_masked': [SUITE, 'A.mse_frames_masked'],
  'A_losses.gaussian_ll_to_mse_frames': [SUITE, 'A.gaussian_ll_to_mse_frames.'],
  'A_losses.gaussian_ll_to_mse_frames_masked_wrong_by_design': [SUITE, 'masked_wrong_by_design'],
  'A_losses.kl_div_to_std_normal_all5': [SUITE, "'all5'"],
  'A_losses.kl_div_to_std_normal_supervised2': [SUITE, "'supervised2'"],
  'A_losses.kl_div_to_std_normal_unsupervised3': [SUITE, "'unsupervised3'"],
  'A_losses.decomposed_kl_all5_behavenet_sample': [SUITE, 'A[`decomposed_kl_all5_${sampling}_sample`]'],
  'A_losses.decomposed_kl_all5_textbook_sample': [SUITE, 'A[`decomposed_kl_all5_${sampling}_sample`]'],
  'A_losses.decomposed_kl_unsup3_behavenet_sample': [SUITE, 'A[`decomposed_kl_unsup3_${sampling}_sample`]'],
  'A_losses.decomposed_kl_unsup3_textbook_sample': [SUITE, 'A[`decomposed_kl_unsup3_${sampling}_sample`]'],
  'A_losses.decomposed_kl_1dim_behavenet_sample': [SUITE, 'A.decomposed_kl_1dim'],
  'A_losses.decomposed_kl_batch1_behavenet_sample': [SUITE, 'A.decomposed_kl_batch1'],
  'A_losses.index_code_mi_unsup3_behavenet_sample': [SUITE, 'A[`index_code_mi_unsup3_${sampling}_sample`]'],
  'A_losses.index_code_mi_unsup3_textbook_sample': [SUITE, 'A[`index_code_mi_unsup3_${sampling}_sample`]'],
  'A_losses.total_correlation_unsup3_behavenet_sample': [SUITE, 'A[`total_correlation_unsup3_${sampling}_sample`]'],
  'A_losses.total_correlation_unsup3_textbook_sample': [SUITE, 'A[`total_correlation_unsup3_${sampling}_sample`]'],
  'A_losses.dimension_wise_kl_unsup3_behavenet_sample': [SUITE, 'A[`dimension_wise_kl_unsup3_${sampling}_sample`]'],
  'A_losses.dimension_wise_kl_unsup3_textbook_sample': [SUITE, 'A[`dimension_wise_kl_unsup3_${sampling}_sample`]'],
  'A_losses.gaussian_log_density_unsummed_unsup3': [SUITE, 'A.gaussian_log_density_unsummed_unsup3'],
  'A_losses.subspace_overlap_orthogonal': [SUITE, 'A.subspace_overlap_orthogonal'],
  'A_losses.subspace_overlap_random': [SUITE, 'A.subspace_overlap_random'],
  'A_losses.diag_linear': [SUITE, 'A.diag_linear'],
  'A_losses.label_r2_unmasked_variance_weighted': ['metrics.test.ts', 'label_r2_unmasked_variance_weighted'],
  'A_losses.label_r2_masked_flattened': ['metrics.test.ts', 'label_r2_masked_flattened'],
  'A_losses.grad_icmi_unsup3': [SUITE, 'A[`grad_${name}_unsup3`]'],
  'A_losses.grad_tc_unsup3': [SUITE, 'A[`grad_${name}_unsup3`]'],
  'A_losses.grad_dwkl_unsup3': [SUITE, 'A[`grad_${name}_unsup3`]'],
  'A_decomposition_check.behavenet_sample': [SUITE, 'A_decomposition_check[`${sampling}_sample`]'],
  'A_decomposition_check.textbook_sample': [SUITE, 'A_decomposition_check[`${sampling}_sample`]'],
  // The same number as kl_div_to_std_normal_all5.
  'A_decomposition_check.analytic_kl_all5': [SUITE, 'kl_div_to_std_normal_'],
  'B_models.strides_2_2': [SUITE, 'vectors.B_models.strides_2_2'],
  'D_anneal.anneal0_beta5_max4': ['schedule.test.ts', 'anneal0_beta5_max4'],
  'D_anneal.anneal1_beta5_max4': ['schedule.test.ts', 'anneal1_beta5_max4'],
  'D_anneal.anneal5_beta10_max8': ['schedule.test.ts', 'anneal5_beta10_max8'],
  'D_compute_range.latents': ['traversal.test.ts', 'D_compute_range.latents'],
  'D_compute_range.5_95': ['traversal.test.ts', "'5_95'"],
  'D_compute_range.15_85': ['traversal.test.ts', "'15_85'"],
  'D_latent_corr.latents': ['metrics.test.ts', 'vectors.D_latent_corr'],
  'D_latent_corr.behavenet_metric_first_pair_abs': ['metrics.test.ts', 'behavenet_metric_first_pair_abs'],
  'D_latent_corr.docs_metric_mean_abs_over_all_pairs': ['metrics.test.ts', 'docs_metric_mean_abs_over_all_pairs'],
  'D_latent_corr.full_matrix_unsup': ['metrics.test.ts', 'full_matrix_unsup'],
  D_same_padding: ['network.test.ts', 'D_same_padding'],
  D_early_stop_patience3_min4: ['schedule.test.ts', 'D_early_stop_patience3_min4'],
  'D_triplet_two_sessions_constant.z': [SUITE, 'D_triplet_two_sessions_constant'],
  'D_triplet_two_sessions_constant.session': [SUITE, 'drawTriplets([6, 6]'],
  'D_triplet_two_sessions_constant.loss': [SUITE, 'D_triplet_two_sessions_constant'],
};

const NO_CASES = new Set(['meta', 'D_triplet_two_sessions_constant.note']);
/** Tested from copies, which must be the same numbers. */
const COPIES: Readonly<Record<string, URL>> = {
  D_split_trials: new URL('../../../datasets/test/fixtures/splits.json', import.meta.url),
  'D_adam_amsgrad.l2_0': new URL('../../../../test/fixtures/amsgrad.json', import.meta.url),
};

const Json = z.record(z.string(), z.unknown());
const read = (url: URL): Record<string, unknown> => Json.parse(JSON.parse(readFileSync(url, 'utf8')));
const whole = read(file);

const cases = Object.entries(whole)
  .flatMap(([name, value]) => {
    const inner = Json.safeParse(value);
    return inner.success && !NO_CASES.has(name) ? Object.keys(inner.data).map((key) => `${name}.${key}`) : [name];
  })
  .filter((name) => !NO_CASES.has(name) && !name.startsWith('D_split_trials.'));

test('every case of the vectors is tested somewhere', () => {
  const tested = [...Object.keys(WHERE), ...Object.keys(COPIES)].filter((name) => name !== 'D_split_trials');
  expect(tested.sort()).toEqual(cases.sort());
});

test.each(Object.entries(WHERE))('%s', (_, [place, text]) => {
  expect(readFileSync(new URL(place, import.meta.url), 'utf8').includes(text)).toBe(true);
});

test('copies hold the same numbers', () => {
  const adam = Json.parse(whole['D_adam_amsgrad'])['l2_0'];
  expect(isDeepStrictEqual(read(COPIES['D_adam_amsgrad.l2_0']!), adam)).toBe(true);
  expect(isDeepStrictEqual(read(COPIES['D_split_trials']!)['behavenet'], whole['D_split_trials'])).toBe(true);
});
