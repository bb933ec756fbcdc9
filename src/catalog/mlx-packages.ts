/** The MLX server that is set up, as pip names its packages. */
export const mlxVersion = '0.32.2'

/** Gives the packages of the MLX server for a system: elsewhere than on a Mac, MLX computes on the processor. */
export function mlxPackages(platform: NodeJS.Platform): readonly string[] {
  return [`mlx-lm==${mlxVersion}`, platform === 'darwin' ? 'mlx==0.32.4' : 'mlx[cpu]==0.32.4']
}
