// The recursions of a linear-chain CRF, one block per sentence (and direction), one thread per tag: what takes
// half a dozen launches per token as torch operations is one launch. Compiled by cupy when first used; see
// crf_cuda.py for shapes. Everything is in log space, and no sum depends on the order of blocks.

#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif

extern "C" {

// The largest of one value per thread; every thread gets it. `scratch` holds 33 floats.
__device__ float block_max(float value, float* scratch) {
    for (int distance = 16; distance > 0; distance /= 2)
        value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, distance));
    __syncthreads();
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x == 0) {
        float top = scratch[0];
        for (int warp = 1; warp < (blockDim.x + 31) / 32; warp++) top = fmaxf(top, scratch[warp]);
        scratch[32] = top;
    }
    __syncthreads();
    return scratch[32];
}

__device__ float block_sum(float value, float* scratch) {
    for (int distance = 16; distance > 0; distance /= 2)
        value += __shfl_xor_sync(0xffffffff, value, distance);
    __syncthreads();
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x == 0) {
        float sum = scratch[0];
        for (int warp = 1; warp < (blockDim.x + 31) / 32; warp++) sum += scratch[warp];
        scratch[32] = sum;
    }
    __syncthreads();
    return scratch[32];
}

// log sum_i exp(alpha[i] + into[i * stride]).
__device__ float log_sum(const float* alpha, const float* into, int stride, int tags) {
    float top = -INFINITY;
    for (int i = 0; i < tags; i++) top = fmaxf(top, alpha[i] + into[i * stride]);
    float sum = 0;
    for (int i = 0; i < tags; i++) sum += expf(alpha[i] + into[i * stride] - top);
    return top + logf(sum);
}

// alpha_t(j) = emission_t(j) + logsumexp_i(alpha_t-1(i) + transition(i, j)), each shifted to a maximum of 0.
// Grid (batch, ways). What stands after a sentence's end is left as it is.
__global__ void crf_recur(
    const float* emissions, const float* start, const float* transitions, const long long* lengths,
    float* alphas, float* shifts, int batch, int longest, int tags
) {
    extern __shared__ float shared[];
    float *scratch = shared, *alpha = shared + 33, *weights = alpha + tags;
    const int sentence = blockIdx.x, way = blockIdx.y, j = threadIdx.x;
    const long long row = ((long long)way * batch + sentence) * longest;
    for (int k = j; k < tags * tags; k += blockDim.x) weights[k] = transitions[way * tags * tags + k];
    __syncthreads();
    for (int t = 0; t < lengths[sentence]; t++) {
        float value = -INFINITY;
        if (j < tags) {
            value = t == 0 ? start[way * tags + j] : log_sum(alpha, weights + j, tags, tags);
            value += emissions[(row + t) * tags + j];
        }
        const float top = block_max(value, scratch);  // all threads have read alpha when it returns
        if (j < tags) alpha[j] = alphas[(row + t) * tags + j] = value - top;
        if (j == 0) shifts[row + t] = top;
        __syncthreads();
    }
}

// Expected number of each transition in each sentence, weighted: counts (batch, tags, tags).
__global__ void crf_count(
    const float* alphas, const float* gammas, const float* transitions, const long long* lengths,
    const float* weights, float* counts, int longest, int tags
) {
    extern __shared__ float shared[];
    float *scratch = shared, *alpha = shared + 33, *between = alpha + tags, *sums = between + tags * tags;
    const int sentence = blockIdx.x, j = threadIdx.x;
    const long long row = (long long)sentence * longest;
    for (int k = j; k < tags * tags; k += blockDim.x) {
        between[k] = transitions[k];
        sums[k] = 0;
    }
    for (int t = 0; t + 1 < lengths[sentence]; t++) {
        __syncthreads();
        if (j < tags) alpha[j] = alphas[(row + t) * tags + j];
        __syncthreads();
        const float gamma = j < tags ? gammas[(row + t + 1) * tags + j] : -INFINITY;
        const float into = j < tags ? log_sum(alpha, between + j, tags, tags) + gamma : -INFINITY;
        const float top = block_max(into, scratch);
        const float norm = top + logf(block_sum(j < tags ? expf(into - top) : 0, scratch));
        if (j < tags)
            for (int i = 0; i < tags; i++)
                sums[i * tags + j] += weights[sentence] * expf(alpha[i] + between[i * tags + j] + gamma - norm);
    }
    __syncthreads();
    for (int k = j; k < tags * tags; k += blockDim.x)
        counts[(long long)sentence * tags * tags + k] = sums[k];
}

// The best sequence of each sentence; `from` (batch, longest, tags) is room for the ways back.
__global__ void crf_viterbi(
    const float* emissions, const float* start, const float* transitions, const float* end,
    const long long* lengths, short* from, long long* best, int longest, int tags
) {
    extern __shared__ float shared[];
    float *scratch = shared, *delta = shared + 33, *weights = delta + tags;
    const int sentence = blockIdx.x, j = threadIdx.x, length = lengths[sentence];
    const long long row = (long long)sentence * longest;
    for (int k = j; k < tags * tags; k += blockDim.x) weights[k] = transitions[k];
    __syncthreads();
    for (int t = 0; t < length; t++) {
        float value = -INFINITY;
        if (j < tags) {
            if (t == 0) {
                value = start[j];
            } else {
                int way = 0;
                for (int i = 0; i < tags; i++) {
                    const float through = delta[i] + weights[i * tags + j];
                    if (through > value) {
                        value = through;
                        way = i;
                    }
                }
                from[(row + t) * tags + j] = way;
            }
            value += emissions[(row + t) * tags + j];
        }
        const float top = block_max(value, scratch);
        if (j < tags) delta[j] = value - top;
        __syncthreads();
    }
    if (j == 0 && length > 0) {
        int tag = 0;
        for (int i = 1; i < tags; i++)
            if (delta[i] + end[i] > delta[tag] + end[tag]) tag = i;
        for (int t = length - 1; t >= 0; t--) {
            best[row + t] = tag;
            if (t > 0) tag = from[(row + t) * tags + tag];
        }
    }
}

}
