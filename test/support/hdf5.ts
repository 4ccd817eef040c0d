export * from '@trawl/datasets/testing/hdf5';
