/**
 * To how many earlier places a slot can go back, at most, with a model that has recurrent layers. Their memory is set
 * apart when the model is loaded.
 */
export const checkpointsPerSlot = 4
